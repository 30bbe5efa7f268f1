"""A small dictionary: English, Spanish, and Southern Quechua where the word is well attested.

A line is `English/Spanish/Quechua`; the last part is left out where we are not sure of it.
"""

DICTIONARY = """hello/hola/rimaykullayki|goodbye/adiós/tupananchiskama|thanks/gracias/sulpayki|
yes/sí/arí|
no/no/mana|please/por favor|good/bueno/allin|big/grande/hatun|small/pequeño/huch'uy|new/nuevo/musuq|
old/viejo|long/largo/suni|hot/caliente/q'uñi|cold/frío/chiri|beautiful/hermoso/sumaq|
heavy/pesado/llasa|
sweet/dulce/misk'i|happy/feliz/kusisqa|tall/alto|fast/rápido|
one/uno/huk|two/dos/iskay|three/tres/kimsa|four/cuatro/tawa|five/cinco/pichqa|six/seis/suqta|
seven/siete/qanchis|eight/ocho/pusaq|nine/nueve/isqun|ten/diez/chunka|twenty/veinte/iskay chunka|
hundred/cien/pachak|thousand/mil/waranqa|zero/cero/ch'usaq|
red/rojo/puka|blue/azul/anqas|green/verde/q'umir|yellow/amarillo/q'illu|black/negro/yana|
white/blanco/yuraq|purple/morado/kulli|grey/gris/uqi|brown/marrón|pink/rosado|orange/naranja|
mother/madre/mama|father/padre/tayta|baby/bebé/wawa|man/hombre/qhari|woman/mujer/warmi|
person/persona/runa|brother/hermano|sister/hermana|friend/amigo|grandmother/abuela|
grandfather/abuelo|
family/familia/ayllu|child/niño|king/rey|teacher/maestro/yachachiq|messenger/mensajero/chaski|
dog/perro/allqu|cat/gato/misi|llama/llama/llama|condor/cóndor/kuntur|fox/zorro/atuq|puma/puma/puma|
bear/oso/ukuku|snake/serpiente/mach'aqway|fish/pez/challwa|frog/rana/k'ayra|guinea pig/cuy/quwi|
vicuna/vicuña/wik'uña|deer/ciervo/taruka|mouse/ratón/huk'ucha|butterfly/mariposa/pillpintu|
fly/mosca/ch'uspi|eagle/águila/anka|hummingbird/colibrí/q'inti|worm/gusano/kuru|horse/caballo|
cow/vaca|
sheep/oveja|bird/pájaro|chicken/pollo|pig/cerdo|rabbit/conejo|turtle/tortuga|bee/abeja|lion/león|
water/agua/yaku|sun/sol/inti|moon/luna/killa|star/estrella/quyllur|earth/tierra/allpa|
world/mundo/pacha|rain/lluvia/para|snow/nieve/rit'i|wind/viento/wayra|fire/fuego/nina|
mountain/montaña/urqu|river/río/mayu|lake/lago/qucha|stone/piedra/rumi|tree/árbol/sach'a|
flower/flor/t'ika|leaf/hoja/raphi|sand/arena/aqu|gold/oro/quri|silver/plata/qullqi|cloud/nube/phuyu|
lightning/rayo/illapa|rainbow/arcoíris/k'uychi|ice/hielo/chullunku|shadow/sombra/llanthu|
smoke/humo/q'usñi|field/campo/chakra|sea/mar|sky/cielo|forest/bosque|island/isla|
house/casa/wasi|door/puerta/punku|road/camino/ñan|town/pueblo/llaqta|bridge/puente/chaka|
pot/olla/manka|knife/cuchillo/kuchuna|rope/cuerda/waska|knot/nudo/khipu|needle/aguja/yawri|
medicine/medicina/hampi|book/libro|table/mesa|chair/silla|window/ventana|bed/cama|key/llave|
school/escuela|
city/ciudad|car/coche|train/tren|boat/barco|shoe/zapato|hat/sombrero|shirt/camisa|letter/carta|
paper/papel|money/dinero|clock/reloj|bottle/botella|spoon/cuchara|music/música|song/canción/taki|
bread/pan/t'anta|potato/papa/papa|corn/maíz/sara|quinoa/quinua/kinwa|meat/carne/aycha|
egg/huevo/runtu|salt/sal/kachi|chili/ají/uchu|coca/coca/kuka|food/comida/mikhuna|milk/leche|
cheese/queso|
apple/manzana|banana/plátano|rice/arroz|coffee/café|tea/té|sugar/azúcar|soup/sopa|fruit/fruta|
honey/miel|tomato/tomate|onion/cebolla|lemon/limón|
head/cabeza/uma|hair/pelo/chukcha|eye/ojo/ñawi|ear/oreja/rinri|nose/nariz/sinqa|mouth/boca/simi|
tooth/diente/kiru|tongue/lengua/qallu|face/cara/uya|hand/mano/maki|foot/pie/chaki|
heart/corazón/sunqu|blood/sangre/yawar|bone/hueso/tullu|neck/cuello/kunka|finger/dedo/ruk'ana|
knee/rodilla/qunqur|skin/piel/qara|back/espalda/wasa|arm/brazo|leg/pierna|
day/día/p'unchaw|night/noche/tuta|year/año/wata|now/ahora/kunan|tomorrow/mañana/paqarin|today/hoy|
yesterday/ayer|week/semana|summer/verano|winter/invierno|Monday/lunes|Friday/viernes|Sunday/domingo|
eat/comer/mikhuy|drink/beber/upyay|sleep/dormir/puñuy|work/trabajar/llamk'ay|speak/hablar/rimay|
sing/cantar/takiy|dance/bailar/tusuy|walk/caminar/puriy|run/correr/phaway|cry/llorar/waqay|
laugh/reír/asiy|live/vivir/kawsay|give/dar/quy|see/ver/rikuy|hear/oír/uyariy|know/saber/yachay|
read/leer/ñawinchay|write/escribir/qillqay|fall/caer/urmay|buy/comprar/rantiy|weave/tejer/away|
go/ir/riy|come/venir/hamuy|play/jugar/pukllay|help/ayudar/yanapay|count/contar/yupay|
ask/preguntar/tapuy|
open/abrir|love/amar|think/pensar|swim/nadar"""

ENTRIES = [
    (tuple(line.split("/")) + (None,))[:3] for line in DICTIONARY.replace("|\n", "|").split("|")
]

# Ways to ask ------------------------------------------------------------------------------------

INTO = """What is the {l} word for {w}?|What's the {l} word for {w}?|How do you say {w} in {l}?|
How do I say {w} in {l}?|How would you say {w} in {l}?|Translate {w} into {l}.|
Translate {w} to {l}.|
Translate "{w}" into {l}.|Translate the word {w} into {l}.|What is {w} in {l}?|What's {w} in {l}?|
What does one say for {w} in {l}?|{w} in {l}?|{w} in {l}|Give me the {l} word for {w}.|
Tell me the {l} word for {w}.|Say {w} in {l}.|Which word means {w} in {l}?|
Which {l} word means {w}?|
How is {w} called in {l}?|What is the word for {w} in {l}?|In {l}, what is {w}?|
I want to say {w} in {l}.|I need the {l} word for {w}.|Do you know the {l} word for {w}?|
What is the {l} translation of {w}?|Translation of {w} into {l}?|Write {w} in {l}.|
Translate from English to {l}: {w}|Translate into {l}: {w}|{l} for {w}?|{w} -> {l}|
I am learning {l}. What is {w}?|How do people say "{w}" in {l}?|What would {w} be in {l}?|
Put {w} into {l}.|Teach me the {l} word for {w}.|My teacher asks for the {l} word for {w}."""

BACK = """What does {w} mean?|What does "{w}" mean?|What does the word {w} mean?|
What is the meaning of {w}?|
What does {w} mean in English?|What is {w} in English?|What's {w} in English?|
Translate {w} into English.|
Translate {w} to English.|Translate "{w}" into English.|Translate the word {w} to English.|
How do you say {w} in English?|Give me the English word for {w}.|Tell me what {w} means.|
What is the English word for {w}?|{w} in English?|Which English word is {w}?|
What does the {l} word {w} mean?|What does {w} mean in {l}?|What is the {l} word {w} in English?|
Tell me the meaning of {w}.|Do you know what {w} means?|I read the word {w}. What does it mean?|
In {l}, what does {w} mean?|Translate from {l} to English: {w}|Translate the {l} word {w}.|
What is the English translation of {w}?|{w}: what does it mean?|Someone said {w}. What is that?|
The {l} word {w} means what?|Say {w} in English.|Meaning of {w}?"""

SUMMARISE = """Summarise: {t}|Summarize: {t}|Summarise this: {t}|Summarize this: {t}|
Summarize this text: {t}|
Summarise this text in one line: {t}|Summarize in one sentence: {t}|
Summarize the following text: {t}|
Give me a summary: {t}|Give me a one-line summary of this: {t}|
Give me a short summary of this text: {t}|
In one sentence, what does this say? {t}|What does this text say in one line? {t}|TL;DR: {t}|
Make this short: {t}|Shorten this to one sentence: {t}|Shorten this: {t}|What is this about? {t}|
What is the main point of this? {t}|Tell me the main point: {t}|Summarise the text below.\n\n{t}|
Summarize the text below in one sentence.\n\n{t}|Write a one-sentence summary.\n\n{t}|
Write a short summary of this: {t}|Sum this up: {t}|Sum up in one line: {t}|
Say this in one sentence: {t}|
I have no time to read this. What does it say? {t}|Read this and tell me the main thing: {t}|
{t}\n\nSummarise this.|{t}\n\nSummarize this in one sentence.|{t}\n\nWhat is the main point?|
{t}\n\nTL;DR|{t}\n\nGive me a one-line summary.|{t}\n\nSum this up in one line.|
{t}\nPlease summarize the text above.|{t}\nSummarise the text above in one line.|
{t}\n\nWhat does this say, in short?|{t}\n\nTell me in one sentence what this says.|
Here is a text: {t}\nSummarize it.|Here is a message: {t}\nWhat does it say in short?|
Text: {t}\nSummary:|Text: {t}\n\nOne-line summary:|Summarise for me: {t}|Summarize briefly: {t}|
Condense this into one sentence: {t}|Make a summary of the following: {t}|What happened here? {t}|
I got this text: {t} What does it say?|Read: {t} Now sum it up.|"{t}" Summarise that."""

# Sentences that add nothing to the main point -----------------------------------------------------

FILLERS = """The morning was cold.|It was a long day.|The sky was clear.|Nobody was in a hurry.|
There was music in the street.|Lunch was simple and good.|The old clock was slow again.|
It had rained all night.|Some people came late.|Everyone was in a good mood.|The coffee was strong.|
A dog slept near the door.|The shops were still closed.|There was a lot of noise outside.|
The windows were open.|Later the sun came out.|Many people stood in line.|It took about two hours.|
In the evening it was quiet.|The way back was long.|A few children played nearby.|
Some questions are still open.|More will be known next week.|It was not easy.|
Many people talked about it.|The local paper wrote about it.|There were no problems.|
The work took all day.|It cost less than expected.|Everybody was surprised.|
A small crowd was there.|The bus was full.|The street was empty.|Tea and bread were on the table."""
