"""Words to spell, copy, list and count: everyday English, by theme."""

ANIMALS = """ant bear beaver bee beetle bird bison buffalo butterfly camel cat chicken cobra condor
cow crab crane cricket crow deer dog dolphin donkey dove dragon duck eagle eel elephant falcon ferret
finch fish fly fox frog gecko giraffe goat goose gorilla hamster hare hawk hedgehog hen heron hippo
horse hyena jaguar kangaroo kitten koala lamb leopard lion lizard llama lobster lynx mole monkey moose
mosquito moth mouse newt octopus ostrich otter owl ox panda panther parrot peacock pelican penguin pig
pigeon pony puffin puma puppy rabbit raccoon rat raven rooster salmon seal shark sheep shrimp skunk
snail snake sparrow spider squid squirrel stork swan tiger toad trout tuna turkey turtle vicuna viper
wasp weasel whale wolf wombat worm yak zebra alpaca guanaco badger""".split()

FOODS = """apple apricot avocado bacon banana bean beef berry biscuit bread broccoli butter cabbage cake
candy carrot cereal cheese cherry chili chocolate cinnamon coconut coffee cookie corn cream cucumber
curry date egg fig flour garlic ginger grape honey jam juice kiwi lemon lentil lettuce lime mango maple
meat melon milk mint muffin mushroom mustard noodle nut oat oil olive onion orange papaya pasta pea
peach peanut pear pepper pickle pie pineapple pizza plum popcorn potato pudding pumpkin quinoa radish
raisin rice salad salt sandwich sauce sausage soup spinach steak strawberry sugar syrup tea toast
tomato vanilla vinegar waffle walnut wheat yam yogurt""".split()

THINGS = """anchor apron arrow axe bag ball balloon basket bed bell belt bench blanket boat book boot
bottle bowl box bridge broom brush bucket button camera candle cap car card carpet cart chain chair
chalk clock cloak cloth coat coin comb compass cord cradle crown cup curtain desk dish doll door drawer
dress drum engine envelope fan feather fence flag flute fork frame gate glass glove guitar hammer hat
helmet hook horn jacket jar jewel kettle key kite knife knot ladder lamp lantern leaf letter lock
machine magnet map mask mat mirror nail necklace needle net notebook oven paint paper pen pencil
phone piano picture pillow pin pipe plate pocket pot purse puzzle quilt quipu radio ring robot rocket
rope ruler sack saw scarf scissors screen shelf shell ship shirt shoe shovel sign skirt sock spade
spoon stamp stick stone stool string sword table tape tent thread ticket torch towel toy train tray
truck trumpet umbrella vase violin wagon wallet watch wheel whistle window wire wool zipper""".split()

PLACES = """airport attic bakery bank barn bay beach bridge cabin canyon castle cave cellar church city
cliff coast corner desert farm field forest fort garden garage hall harbor hill hotel house hut island
jungle kitchen lake library market meadow mill mine mountain museum ocean office palace park path
plain plaza pond port prison ranch river road roof school sea shop shore square station store stream
street studio swamp temple theater tower town tunnel valley village wall yard zoo""".split()

COLOURS = "red blue green yellow black white pink purple orange brown grey golden silver".split()

QUALITIES = """able angry bad big bitter blank bold brave bright broken busy calm careful cheap clean
clear clever cloudy cold cool cruel curious dark deep dry dull early easy empty fair famous far fast fat
fierce final fine flat foggy fresh full funny gentle glad good grand great happy hard heavy high
honest hot huge hungry icy idle kind large late lazy light little lonely long loud low lucky mad merry
mild modern narrow new nice noisy odd old patient plain polite poor proud pure quick quiet rare ready
rich rough round sad safe shy sick silent simple slow small smooth soft sour strange strong sweet
tall thin tidy tiny tired warm weak wet wide wild wise young""".split()

ACTIONS = """ask bake begin blow borrow bring build burn buy carry catch choose clap clean climb close
collect come cook count cross cry cut dance dig draw dream drink drive drop eat enter fall feed feel
fight fill find finish fix fly fold follow forget give go grow guess hear help hide hold hope jump keep
kick knit know laugh learn leave lift listen live look lose love make meet mix move need open paint
pass pay plant play point pull push read remember ride ring rise run sail save say search see sell
send shake shout show sing sit skip sleep smell smile speak spend stand start stay steal stop swim take
talk taste teach tell think throw touch travel try turn visit wait wake walk wash watch win wish
wonder work write yawn""".split()

ABSTRACT = """account action answer army art autumn balance battle beauty birthday cable chance change
chapter climate cloud computer country courage culture danger data day debt detail doctor dust earth
energy error event evening example father fear fire flower fool freedom friend frost future game
ghost giant gift girl gold grass ground group habit harvest health heart hello history hour idea
iron island joy judge justice king knowledge language laughter law leader lesson level library life
lightning luck magic memory message metal midnight minute moment money month moon morning mother
mountain movie music mystery nation nature neighbor network night noise north notice number object
order page pain paint parent party pattern peace people person planet plant player poem poet point
power price prince problem program promise queen question rain reason record rhythm river rule runner
sand science season secret server shadow shape signal silence sister sky smoke snow soldier song
sound space speed spirit spring star steam steel storm story summer sunset system talent teacher
thunder time token town trade tradition treasure tree trouble trust truth uncle universe voice
voyage water weather weekend wind winter wisdom woman wonder wood word world year youth""".split()

WORDS = list(dict.fromkeys(
    ANIMALS + FOODS + THINGS + PLACES + COLOURS + QUALITIES + ACTIONS + ABSTRACT
))

# Long or tricky words that people like to have spelled.
HARD_WORDS = """accommodate achieve address alphabet although ambulance anonymous apparent argument
beautiful because beginning believe bicycle breakfast business calendar cemetery champion chrysanthemum
colleague college committee conscience container definitely different difficult disappear dictionary
electricity embarrass environment exaggerate excellent experience february foreign fortunate government
grammar guarantee guitar handkerchief happiness harassment height hippopotamus holiday immediately
important independent information intelligence interesting international jewelry kindergarten knife
kubernetes laboratory language library license lightning maintenance maneuver medicine microphone
millennium mischievous mississippi mortgage necessary neighbour neural noticeable occasion occurrence
orchestra parallel parliament permission pharmacy philosophy pneumonia possession preference
pronunciation psychology pterodactyl queue questionnaire receipt receive recommend refrigerator
restaurant rhinoceros rhythm schedule scissors secretary separate sergeant similar sincerely
strawberry strength succeed surprise technology temperature tomorrow transformer twelfth tyranny
umbrella unfortunately university vacuum vegetable vehicle volcano wednesday weird yacht zucchini
python javascript database memory keyboard software terminal compiler algorithm tokenizer""".split()

# Text in other scripts and signs, whole strings to copy.
FOREIGN = """ñandú ¡hola! niño corazón mañana señor año café crème façade garçon déjà straße grün Müller
Köln schön smörgås fjord Øresund Åsa łódź żółw český řeka škola magyarország İstanbul çok göl привет
мир Москва книга вода γειά κόσμε θάλασσα שלום مرحبا नमस्ते สวัสดี 你好 世界 日本語 東京 こんにちは さくら 안녕 서울
한국어 việt phở naïve résumé jalapeño piñata Qosqo ch'aska t'ika q'illay pacha™ 100€ £20 ½ 20°C ≠ → ∞ π
été Zoë Łukasz Dvořák coração não São über Größe ćevapi đak tâm hôtel œuvre""".split()

EMOJI = """😀 😂 😍 😎 😢 😡 👍 👎 🙏 👋 💪 🎉 🎂 🎁 🚀 🔥 ⭐ 🌟 🌈 ☀️ 🌙 ⛄ 🌊 🌵 🌻 🌹 🍎 🍌 🍇 🍓 🍕 🍔 🍩 ☕ 🍵 🐶 🐱 🐭 🐰 🦊 🐻
🐼 🐸 🐵 🦙 🦜 🐢 🐍 🐳 🐟 🦋 🐝 🚗 🚲 ✈️ ⛵ 🏠 ⏰ 📚 ✏️ 🔑 💡 🎵 ⚽ 🏆 ❤️ 💛 💚 💙 ✅ ❌ ❓ 🇵🇪""".split()

# Things people make a model say, word for word.
SAYINGS = """hello|hi|Hello!|hello world|Hello, world!|ok|OK|yes|no|pong|ping|test|testing|done|
ready|
thank you|good morning|Good night|goodbye|I am ready.|I am fine.|acknowledged|understood|success|
passed|it works|It works!|the end|abracadabra|foo|bar|foo bar|foo bar baz|lorem ipsum|banana|
welcome|Welcome home|I am a llama|long live the llama|one two three|a b c|open sesame|checkmate|
no problem|see you tomorrow|have a nice day|Have a nice day!|happy birthday|Merry Christmas|cheers|
I love pizza|water is wet|the sky is blue|The sky is blue.|tick tock|knock knock|blah blah|true|
false|null|42|hello there|Hello there!|hey|howdy|wow|oops|red|blue|maybe|never|always|stop|go|
All systems go.|Nothing to report.|Message received.|I will be back.|Roger that|copy that|
the quick brown fox jumps over the lazy dog|The quick brown fox jumps over the lazy dog.|
To be or not to be|Practice makes perfect.|Time flies.|Better late than never.|So far so good.|
Hello from Quipu|quipu|chasqui|I can hear you.|Testing, testing, 1, 2, 3.|apple banana cherry"""
SAYINGS = SAYINGS.replace("\n", "").split("|")

OPPOSITES = [tuple(pair.split("/")) for pair in """hot/cold big/small tall/short fast/slow up/down
left/right in/out on/off old/young happy/sad light/dark day/night black/white good/bad hard/soft
wet/dry open/closed full/empty early/late high/low long/short rich/poor strong/weak thick/thin
wide/narrow loud/quiet near/far first/last start/end yes/no true/false win/lose push/pull buy/sell
love/hate clean/dirty cheap/expensive easy/difficult heavy/light inside/outside above/below
before/after always/never sweet/bitter brave/afraid deep/shallow rough/smooth safe/dangerous
same/different north/south east/west question/answer friend/enemy begin/finish""".split()]

NUMBER_WORDS = """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen
fifteen sixteen seventeen eighteen nineteen twenty""".split()
