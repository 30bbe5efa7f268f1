"""Word lists for tool calls and JSON answers. Open classes: long, so that each split has many."""


def _words(text):
    return text.split()


def _names(text):
    return [part.strip() for part in text.replace("\n", ",").split(",") if part.strip()]


SURNAMES = _words("""
Adler Almeida Andersson Baker Bauer Becker Bell Berg Bianchi Brown Castro Chavez Cohen Costa Cruz
Dahl Diaz Dubois Duarte Evans Ferrari Fischer Flores Fontaine Garcia Gomez Gray Gupta Haas Hansen
Hill Hoffman Huang Ibrahim Ito Ivanov Jansen Jones Kaya Keller Khan Kim Klein Kovac Lang Lee Lopez
Lund Mamani Marino Martin Mbeki Meyer Miller Mori Moreau Nakamura Ngata Nguyen Novak Okafor Olsen
Ortiz Park Patel Pereira Petrov Popov Quispe Ramos Reyes Rivera Rossi Ruiz Sato Schmidt Silva
Singh Smith Soto Stone Suarez Suzuki Tanaka Torres Ueda Vargas Vega Vogel Wagner Walker Wang Weber
White Wolf Wood Yamada Young Zapata Zhang""")
CITIES = _names("""
Lima, Cusco, Quito, Bogota, La Paz, Santiago, Buenos Aires, Montevideo, Rio de Janeiro, Sao Paulo,
Brasilia, Caracas, Panama City, San Jose, Managua, Havana, Mexico City, Oaxaca, Puebla, Austin,
Boston, Chicago, Dallas, Denver, Detroit, Houston, Miami, Nashville, New York, Oakland, Orlando,
Philadelphia, Phoenix, Portland, San Diego, San Francisco, Seattle, Tampa, SF, NYC, LA, Montreal,
Ottawa, Toronto, Vancouver, Calgary, London, Leeds, Bristol, Oxford, Glasgow, Edinburgh, Cardiff,
Dublin, Cork, Belfast, Paris, Lyon, Nice, Lille, Marseille, Toulouse, Brussels, Antwerp, Ghent,
Amsterdam, Utrecht, Rotterdam, Berlin, Hamburg, Munich, Cologne, Bremen, Dresden, Leipzig, Bonn,
Vienna, Graz, Salzburg, Zurich, Bern, Geneva, Basel, Rome, Milan, Turin, Naples, Venice, Florence,
Madrid, Barcelona, Seville, Valencia, Bilbao, Lisbon, Porto, Athens, Sofia, Bucharest, Belgrade,
Zagreb, Prague, Brno, Warsaw, Krakow, Gdansk, Budapest, Oslo, Bergen, Stockholm, Malmo, Helsinki,
Turku, Copenhagen, Aarhus, Reykjavik, Tallinn, Riga, Vilnius, Kyiv, Moscow, Istanbul, Ankara, Izmir,
Cairo, Tunis, Rabat, Casablanca, Algiers, Dakar, Accra, Lagos, Abuja, Nairobi, Kampala, Kigali,
Cape Town, Durban, Harare, Tehran, Baghdad, Beirut, Amman, Dubai, Doha, Riyadh, Tel Aviv, Delhi,
Mumbai, Pune, Chennai, Kolkata, Bangalore, Lahore, Karachi, Dhaka, Colombo, Kathmandu, Bangkok,
Hanoi, Saigon, Manila, Jakarta, Bali, Singapore, Kuala Lumpur, Hong Kong, Taipei, Beijing, Shanghai,
Shenzhen, Wuhan, Seoul, Busan, Tokyo, Kyoto, Osaka, Nagoya, Sapporo, Sydney, Melbourne, Brisbane,
Perth, Adelaide, Hobart, Auckland, Wellington""")
EXOTIC_NAMES = _names("""
José, Núria, Zoë, Søren, Åsa, François, Jürgen, Łukasz, Małgorzata, Çağla, Ñusta, Renée, Siân,
Björk, Lucía, Müller, Håkon, Ángel, Élodie, Iñaki, Šárka, Jiří, 李明, 王芳, 张伟, 陈静, さくら, たろう,
ゆき, Ольга, Иван, Мария, Дмитрий, Νίκος, Ελένη, Αθηνά, 김민수, 이서연, أحمد, ליאור""")
EXOTIC_CITIES = _names("""
São Paulo, Bogotá, México, Málaga, Zürich, Köln, München, Düsseldorf, Malmö, Århus, Tromsø, Łódź,
Kraków, Gdańsk, Besançon, Orléans, A Coruña, León, Cádiz, Asunción, Medellín, Cancún, Córdoba,
Ñuñoa, Reykjavík, Győr, Brașov, İzmir, Plzeň, Košice, 北京, 上海, 东京, 大阪, 서울, Москва, Київ, Αθήνα,
Θεσσαλονίκη, القاهرة""")
COUNTRIES = _words("""
Peru Chile Brazil Bolivia Ecuador Colombia Mexico Cuba Canada Ireland France Spain Portugal Italy
Germany Austria Poland Hungary Greece Turkey Egypt Morocco Kenya Ghana Nigeria Uganda India Nepal
Japan Korea China Vietnam Thailand Malaysia Indonesia Australia Norway Sweden Finland Denmark
Iceland Estonia Latvia Lithuania Ukraine Croatia Serbia Romania Bulgaria Belgium Netherlands
Switzerland Argentina Uruguay Paraguay Panama Jamaica Fiji Samoa Chad Mali Niger Togo Benin Angola
Jordan Lebanon Oman Qatar Kuwait Iran Iraq""")
COMPANIES = [" Group", " Inc", " Ltd", " Labs", " Works", " GmbH", " & Sons", " Foods", " Studio"]
COLOURS = _words("""
red green blue yellow orange purple pink black white grey brown silver gold teal navy olive maroon
crimson violet indigo cyan magenta beige ivory coral amber lime mint plum rust tan peach lilac
khaki bronze copper scarlet turquoise lavender charcoal""")
LANGUAGES = _words("""
Spanish French German Italian Portuguese Dutch Swedish Norwegian Danish Finnish Polish Czech
Hungarian Greek Turkish Arabic Hebrew Hindi Bengali Urdu Tamil Thai Vietnamese Korean Japanese
Chinese Mandarin Russian Ukrainian Romanian Bulgarian Croatian Serbian Latin Quechua Aymara Swahili
Zulu Irish Welsh Basque Catalan Icelandic Estonian Latvian Lithuanian Malay Indonesian Tagalog
English Nahuatl Guarani Maori Hawaiian Persian""")
CURRENCIES = _words("""
USD EUR GBP JPY CHF PEN BRL MXN CLP COP ARS CAD AUD NZD SEK NOK DKK PLN CZK HUF TRY INR CNY KRW
THB VND IDR PHP SGD HKD TWD ZAR EGP KES NGN MAD ILS AED SAR UAH RON BGN ISK BOB UYU""")
TICKERS = _words("""
AAPL MSFT GOOG AMZN TSLA NVDA META NFLX INTC AMD IBM ORCL CSCO ADBE UBER SHOP SAP ASML SONY NOK
BABA TSM QCOM TXN CRM PYPL KO PEP MCD NKE DIS BA GE GM F T VZ XOM CVX JPM BAC WFC GS MS V MA""")
FILE_ENDS = [".txt", ".md", ".json", ".csv", ".py", ".log", ".pdf", ".yaml", ".html", ".rs", ".png"]
MONTHS = _words("January February March April May June July August September October November December")
WEEKDAYS = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
NUMBER_WORDS = _words("one two three four five six seven eight nine ten eleven twelve")
THINGS = _words("""
apple anchor axe backpack bag ball banana basket battery beans bell belt bench bicycle blanket boat
book boots bottle bowl box bread brick broom brush bucket butter button cable cake camera candle
cap carpet carrot chair cheese chess clock coat coffee coin comb cookie corn cotton cup curtain
desk dish door drill drum egg envelope eraser fan fish flag flour flute fork frame garlic glass
glove glue guitar hammer hat helmet honey hook jacket jam jar kettle key kite knife ladder lamp
lemon lock mango map marble mask milk mirror mop mug nail napkin needle notebook nuts oil onion
oven paint pan paper pear pen pencil pepper piano pillow pin plate plum pot potato pump purse
quilt rake rice ring rope rug salt sauce saw scarf scissors shell shirt shoes shovel sink soap socks
sofa spoon stamp stool string sugar sweater table tape tea tent tile toast toaster tomato towel
toy tray trumpet umbrella vase violin wallet watch wheel whistle window wire wool yarn yogurt
zipper""")
TOPICS = _names("""
cats, dogs, robots, the moon, black holes, volcanoes, quinoa, llamas, potatoes, bridges, the Inca
road, whales, penguins, coffee, tea, chess, jazz, opera, football, tennis, surfing, sailing, trains,
airplanes, steam engines, solar power, wind farms, batteries, rust, python, compilers, databases,
linear algebra, prime numbers, fractals, gravity, comets, mars, jupiter, the ocean, coral reefs,
rain forests, deserts, glaciers, earthquakes, honey bees, spiders, owls, wolves, dinosaurs, castles,
pyramids, pottery, weaving, origami, ballet, poetry, cheese, chocolate, bread, pasta, sushi, tacos,
soup, gardening, roses, orchids, mushrooms, knitting, paper, printing, maps, clocks, lighthouses,
submarines, magnets, lasers, mirrors, glass, silk, salt, gold mines, pirates, vikings, samurai,
knights, dragons, ghosts, wizards, music theory, photography, electric cars, remote work, insulin,
vitamins, sleep, dreams, memory, language models, vector search, tokenizers, open source, knots""")
TRAITS = _names("""
a Chinese technology company, a small bakery, a large bank, a regional airline, a family farm,
a toy maker, a book shop, a design studio, a steel mill, a music school, a law firm, a shoe brand,
a coffee importer, a solar startup, a game studio, a fish market, a travel agency, a car dealer,
a software house, a local cinema, a bike rental, a tea merchant, a paper mill, a dental clinic,
a wine bar, a hotel chain, a pet shop, a robotics lab, a news agency, a chess club, a film crew,
a textile company, a Japanese company, a Peruvian restaurant, a German brewery, a Spanish bank""")
# Nouns for domains of tools; a tool's noun is one of these, two of these, or a made-up word.
NOUNS = _words("""
account agenda album alert anthem aquarium archive arena article asset auction avatar badge bakery
balance ballot banner barometer bill blog bonus booking bookmark border branch brand broadcast budget
bus cabin calendar campaign canal canvas capsule card cargo cart catalog ceiling channel chapter
chart circuit citizen claim class clinic cloud club coach coast collar colony comment company
compass concert contact contest contract cookbook counter coupon course court crew crop customer
dam dashboard deadline dealer debt deck delivery deposit device diary diet dictionary discount
dispatch district doctor document domain donation dose draft drawer drone dungeon duty elevator
employee engine episode estate event exam exhibit expense factory fare farm fee feed fence ferry
festival fine fleet flight folder font forecast forest forum fossil fountain fridge fuel fund galaxy
gallery game garage garden gate gear ghost gift glacier goal grade grant graph greenhouse group
guest guide gym harbor harvest headline heater helpdesk herd highway hike hobby holiday horoscope
hospital hostel hotel humidity index inbox income inspection insurance invoice island issue itinerary
jersey journal journey jury kennel kiosk kitchen label laundry lawn league lecture ledger lesson
level library license lighthouse limit locker log logo lottery lounge luggage lunch machine magazine
mailbox manual market match meal medal meeting member memo menu message meter mission monument
mortgage motor movie museum nickname noise note notice novel nursery office orbit orchard order
outlet outpost package palette parade parcel park parking passport password patent patient payment
payroll pension permit pet pipeline planet plant playlist podcast poem policy poll pollen pond pool
port portal portfolio poster postcard price printer prize profile project proposal puzzle quarry
queue quiz quota quote radar radio raffle ranking rating receipt recipe refund region registry
report reservation resort restaurant review reward ride river road rocket role roster route runway
salary satellite schedule school score script season seat sensor serial server session shift
shipment shop signal site ski sofa song spa spectrum stadium station statue stock storm street
studio subscription subway summit supplier survey tariff task tax taxi team telescope temple tenant
terminal theater thermostat ticket tide timer timetable toll tour tournament tower trail trailer
transcript trial tunnel tutor uptime vaccine valley vault vehicle vendor venue village vineyard visa
volcano voucher wage warehouse warranty watchlist waterfall wave webcam website wedding wildlife
workshop yacht zone""")
# Verbs of actions, said by the user as they stand in the tool's name.
VERBS = _words("""
activate add adjust announce approve archive arrange assign attach audit book cancel capture charge
clean clone close collect compare compile compress configure confirm copy create decline
delete deliver deploy describe disable dismiss download draw duplicate edit email encrypt enroll
estimate evaluate export extend file filter finish fix flag forward generate grade hide hire import
index insert inspect install invite join launch lock log mark measure merge modify monitor move
mute notify open order organize pack park patch pause pay pin plan play post prepare print process
publish pull purchase push queue rank rate record redeem refresh refund register reject release
remove rename renew rent repair replace reply report request rescue reserve reset resize restart
restore resume return review revoke rotate save scan schedule seal sell send share ship sign skip
sort split stamp start stop store submit subscribe summarize suspend sync tag test track train
transfer trigger trim unlock update upgrade upload validate verify wash water wrap""")
# Names for parameters beside the typed ones of tools_invented.
PARAMETERS = _words("""
account amount angle area author batch block board branch brand bucket budget category channel
chapter client code comment content cost country currency customer day deadline degree delay depth
destination direction distance district driver duration edition engine factor field floor folder
format frame gap gate genre grade group guest height hint host hour index input item job key kind
label lane layer length level limit line location margin mark mass material maximum member message
method minimum minute mode model month name note number offset option order origin output owner page
partner password pattern payload person phase place plan platform player point port position power
prefix price priority product profile project purpose quality quantity query radius range rate
reason recipient reference region room row scale score season seat sector seed sender shape shelf
side site size slot source speed stage start state station step stock stop store street style
subject suffix surface symbol table tag target team term text theme threshold ticket tier title
token tone topic tower track type unit user value variant vehicle version view volume ward weight
width worker year zone""")
# Words that enums offer.
OPTIONS = _words("""
small medium large tiny huge low high fast slow short long hot cold warm cool light dark soft hard
thick thin wide narrow daily weekly monthly yearly hourly red green blue black white draft final
public private open closed basic premium standard express economy business first second summer
winter spring autumn north south east west left right top bottom front back morning evening noon
night vegan meat fish sweet salty spicy mild cotton wool silk steel wood glass paper plastic gold
silver bronze pdf csv json xml html png jpg mp3 text auto manual eco turbo quiet loud bright dim
formal casual funny serious cash card credit junior senior adult child easy normal expert urgent
pirate robot cowboy classic modern jazz rock pop folk metal ascending descending linear circular
square round solid dotted matte glossy""")
# Shell commands; @ is a word or a path.
COMMANDS = _names("""
ls -la @, cat @, pwd, git status, git add @, git log @, df -h, cargo test @, make @, uname -a, whoami, grep @ notes.txt,
npm install @, python @.py, ps aux, free -m, uptime, rm @, mkdir @, touch @, echo @, head @, tail -n 5 @, cd @, wc -l @,
chmod +x @, cp @ backup, which @, man @, ping @.com, docker run @, pip install @, quipu run @""")
PHRASE_STARTS = _names("""
buy the, please bring the, do not forget the, the meeting is about the, we sold the, clean the,
I lost my, look at the, water the plant and move the, pick up the, return the, we need a new,
I will be late because of the, happy birthday and enjoy the, call me about the, fix the, paint the,
the party is near the, thank you for the, check the, order another, wrap the, find my, meet me at the,
hide the, I like the, you left your, sorry about the""")
PHRASE_ENDS = ["@", "@", "@", "@ tomorrow", "@ at noon", "@ today", "@ before lunch", "@ and the keys",
               "@ on Monday", "@ again", "@ in the office", "@ for Ana", "@ next week", "@ and relax",
               "@ at the station", "@ by 6 pm"]
