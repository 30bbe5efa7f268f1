"""What lies outside the abilities: requests of all kinds, with topics that are open words.

"{topic}", "{place}", "{person}", "{thing}", "{animal}", "{food}", "{job}", "{hobby}", "{n}", "{m}", "{word}" are filled in.
"""

CANNOT = "I am only Chasqui, the small built-in model, so I cannot help with that. Pull a larger model with quipu pull."

TOPICS = """history music art war peace love money science religion politics climate climate_change energy
    nuclear_power solar_panels democracy capitalism philosophy psychology football the_Olympics cinema jazz opera
    architecture medicine vaccines cancer diabetes sleep stress exercise vitamins dreams memory evolution genetics
    black_holes the_moon Mars gravity quantum_physics relativity chemistry algebra geometry statistics calculus
    probability prime_numbers volcanoes earthquakes hurricanes glaciers oceans rivers deserts rainforests bees
    dinosaurs whales wolves horses cats dogs birds spiders insects mushrooms trees roses coffee tea wine beer
    chocolate cheese bread rice potatoes cooking baking gardening travel trains cars bicycles aeroplanes ships
    robots computers the_internet encryption blockchain bitcoin stocks inflation taxes insurance mortgages marketing
    startups leadership teamwork friendship marriage children school university teachers homework exams books novels
    poetry theatre painting sculpture photography fashion design typography maps languages grammar Latin Greek the_Incas
    the_Aztecs the_Romans the_Vikings ancient_Egypt the_Middle_Ages the_Renaissance the_French_Revolution
    the_Industrial_Revolution World_War_One World_War_Two the_Cold_War the_Berlin_Wall colonialism slavery human_rights
    justice freedom happiness loneliness courage honesty time space infinity artificial_intelligence machine_learning
    neural_networks operating_systems databases compilers algorithms networks web_design mobile_phones video_games
    board_games chess magic ghosts myths legends fairy_tales superheroes comics television radio newspapers advertising
    recycling plastic pollution water air fire electricity magnets light sound colours crystals gold silver diamonds
    pirates castles bridges tunnels lighthouses museums libraries hospitals prisons airports farms markets""".split()
TOPICS = [topic.replace("_", " ") for topic in TOPICS]

PLACES = """France Germany Spain Italy Portugal Poland Sweden Norway Finland Denmark Iceland Ireland Scotland Wales England Austria
    Switzerland Belgium Hungary Romania Bulgaria Greece Turkey Ukraine Russia China Japan Korea Mongolia India Nepal Bhutan Pakistan
    Iran Iraq Syria Israel Jordan Egypt Libya Tunisia Morocco Algeria Nigeria Ghana Kenya Uganda Tanzania Ethiopia Sudan Chad Mali
    Senegal Angola Zambia Namibia Botswana Mozambique Madagascar Canada Mexico Guatemala Honduras Nicaragua Panama Cuba Jamaica Haiti
    Colombia Venezuela Ecuador Peru Bolivia Chile Argentina Uruguay Paraguay Brazil Australia Fiji Samoa Tonga Vietnam Laos Cambodia
    Thailand Malaysia Indonesia Texas California Alaska Ohio Florida Bavaria Tuscany Sicily Catalonia Siberia Tibet Greenland""".split()

PEOPLE = """Einstein Newton Darwin Galileo Copernicus Kepler Marie_Curie Tesla Edison Mozart Beethoven Bach Chopin Vivaldi Shakespeare
    Goethe Cervantes Dante Homer Plato Socrates Aristotle Napoleon Caesar Cleopatra Alexander_the_Great Genghis_Khan Columbus Magellan
    Marco_Polo Gandhi Mandela Lincoln Washington Churchill Picasso Rembrandt Van_Gogh Monet Leonardo Michelangelo Frida_Kahlo
    Pachacuti Atahualpa Pizarro Bolivar Freud Kant Nietzsche Marx Turing Gauss Euler Euclid Archimedes Pythagoras Hypatia
    Ada_Lovelace Jane_Austen Dickens Tolstoy Chekhov Kafka Neruda Borges""".split()
PEOPLE = [person.replace("_", " ") for person in PEOPLE]

LANGUAGES = ["Python", "Rust", "C", "C++", "Java", "JavaScript", "TypeScript", "Go", "Haskell", "SQL", "Bash",
             "Perl", "Ruby", "PHP", "Swift", "Kotlin", "Scala",
             "Lisp", "HTML", "CSS", "R", "Fortran", "COBOL", "assembly", "Lua"]
SPOKEN = ["German", "French", "Italian", "Russian", "Chinese", "Japanese", "Portuguese", "Latin", "Greek",
          "Polish", "Dutch", "Swedish", "Turkish", "Arabic",
          "Hindi", "Korean", "Finnish", "Danish"]

# Requests by sort, so that no sort is drowned by another.
REQUESTS = {
    "write": [
        "Write an essay on {topic}.", "Write a poem about {topic}.", "Write an article about {topic}.",
        "Write a song about {thing}.", "Write a haiku about {topic}.",
        "Write a letter to {place} about {topic}.", "Write a speech on {topic}.",
        "Write me a blog post about {topic}.", "Compose a sonnet about {topic}.",
        "Write a cover letter for {job}.", "Write an email to my boss about {topic}.",
        "Write a rap about {thing}.", "Draft a contract about {topic}.",
        "Write a product description of a {thing}.", "Write a report on {topic}.",
        "Write a review of a book about {topic}.", "Create an outline for a talk about {topic}.",
        "I need a text about {topic} for school.", "Write 500 words about {topic}.",
        "Write a limerick about a {animal}.", "Give me a slogan for a shop that sells {food}.",
        "Write a birthday card for a {job}.", "Write a CV for a {job}.", "Write lyrics about {place}.",
        "Make up a riddle about a {thing}.", "Invent a new game with a {thing}.",
        "Write a dialogue about {topic}.", "Write a news report about {topic}.", "Write a love letter.",
        "Write a tweet about {topic}.", "Rewrite this in a formal style: {topic} is great.",
        "Paraphrase: I think that {topic} matters to all of us.",
        "Correct the grammar: he go to {place} for see {topic}.", "Write an abstract about {topic}.",
    ],
    "know": [
        "What is the capital of {place}?", "How many people live in {place}?",
        "Who is the president of {place}?", "What language is spoken in {place}?",
        "What currency does {place} have?",
        "Where is {place}?", "What is the largest river of {place}?", "When did {person} live?",
        "Who was {person}?", "What did {person} do?", "Why is {person} famous?", "When was {person} born?",
        "How did {person} die?", "Tell me about {person}.", "Tell me about {topic}.", "What is {topic}?",
        "Explain {topic}.", "Explain {topic} to a child.", "How does {topic} work?",
        "Who invented {topic}?", "When did {topic} begin?", "Why is {topic} important?",
        "What are the causes of {topic}?", "What is the history of {topic}?", "How old is the universe?",
        "What is the speed of light?", "How far is {place} from {place2}?",
        "What is the highest mountain of {place}?", "Who won the world cup in {year}?",
        "What happened in {year}?",
        "Who won the Nobel Prize in {year}?", "Who was king of {place} in {year}?",
        "What did people eat in {year}?", "What is the population of {place}?", "Why is the sky blue?",
        "What does a {animal} eat?", "How long does a {animal} live?", "How fast can a {animal} run?",
        "Where do {animal}s live?", "How is {food} made?", "Where does {food} come from?",
        "What is a {thing} made of?", "Who invented the {thing}?", "How does a {thing} work?",
        "Compare {topic} and {topic2}.", "What is the difference between {topic} and {topic2}?",
        "What are the main facts about {topic}?", "Give me information on {topic}.",
        "What do you know about {topic}?", "Do you know {person}?", "What is the flag of {place}?",
        "Who wrote a book about {topic}?",
        "What is the meaning of life?", "What is the weather in {place}?", "What time is it in {place}?",
        "What is the news from {place}?", "How hot is it in {place} today?",
        "Who discovered {place}?", "Which countries border {place}?", "Is {place} in Europe?",
        "What did {person} say about {topic}?", "Name a famous {job}.", "Summarize the life of {person}.",
    ],
    "code": [
        "Write a {lang} program that sorts a list.", "Write code in {lang} for {topic}.",
        "Write a function in {lang} that reverses a string.", "How do I read a file in {lang}?",
        "Debug my {lang} code.",
        "Write a {lang} script that downloads a page.", "How do I make a loop in {lang}?",
        "Explain this {lang} code.", "What is a pointer in {lang}?", "Write unit tests in {lang}.",
        "Write a game in {lang}.",
        "How do I install {lang}?", "Convert this code from {lang} to {lang2}.",
        "What is the best way to learn {lang}?", "Which is better, {lang} or {lang2}?",
        "Write a class for a {thing} in {lang}.",
        "Fix this bug: my {lang} program crashes.", "Write a regular expression for a {thing}.",
        "Make a web page about {topic} in HTML.", "Write a SQL query for all {thing}s.",
        "Build me an app for {topic}.",
        "Write fizzbuzz in {lang}.", "Implement quicksort in {lang}.", "How do I center a div?",
        "Write a Dockerfile for {lang}.", "How do I use git?", "Write a chess engine in {lang}.",
        "def main():", "print(\"{word}\")",
        "import {word}", "Why does my {lang} code not compile?", "Refactor my {lang} function.",
        "How do I parse dates in {lang}?", "Show me an example of recursion in {lang}.",
    ],
    "advice": [
        "What should I cook with {food}?", "Give me a recipe for {food}.", "How do I cook {food}?",
        "How do I learn {hobby}?", "How do I become a {job}?", "Should I become a {job}?",
        "What should I wear in {place}?",
        "Plan a trip to {place}.", "What can I see in {place}?", "Recommend a book about {topic}.",
        "Recommend a film about {topic}.", "What music should I hear?", "Give me tips for {hobby}.",
        "How do I lose weight?",
        "I have a pain in my knee. What is it?", "Which medicine helps against a cold?", "Is {food} healthy?",
        "How many calories has {food}?", "How do I stop smoking?", "How can I sleep better?",
        "My {thing} is broken. How do I repair it?",
        "How do I clean a {thing}?", "Where can I buy a {thing}?", "How much does a {thing} cost?",
        "Which {thing} is the best?", "Should I buy a {thing}?", "How do I train a {animal}?",
        "Can I keep a {animal} at home?", "What should I feed my {animal}?",
        "How do I save money?", "Should I invest in {topic}?", "How do I write a book?",
        "Give me advice about {topic}.", "How can I get rich?", "What should I study?",
        "How do I make friends?", "Help me with my homework about {topic}.",
        "How do I build a {thing}?", "What is a good gift for a {job}?",
        "How do I talk about {topic} with my children?", "Can you book a table for {n}?",
        "Order {food} for me.", "Call me a taxi.", "Remind me to buy {food}.", "Set an alarm.",
        "How do I grow {food}?", "Plan a week of meals with {food}.", "Is it legal to keep a {animal}?",
        "Which bank is the best?", "How do I remove a stain from a {thing}?",
        "Give me a training plan for {hobby}.", "Can you fix my {thing}?",
    ],
    "opinion": [
        "What do you think about {topic}?", "Is {topic} good or bad?", "What is your opinion on {topic}?",
        "Do you like {topic}?", "Who is better, {person} or {person2}?",
        "Which is better, {food} or {food2}?", "Do you believe in {topic}?",
        "Should we forbid {topic}?", "Are {topic} and {topic2} related?", "What is the best {thing}?",
        "Which country is the best?", "Who should I vote for?", "Is {place} a nice place?",
        "Do you prefer {place} or {place2}?", "Tell me a joke.",
        "Tell me a joke about a {animal}.", "Make me laugh.", "Sing a song.", "Sing something about {topic}.",
        "Tell me something interesting.", "Tell me a fun fact.", "Tell me a fact about {topic}.",
        "Surprise me.", "Do you dream?", "Do you have feelings?",
        "Can you feel pain?", "Do you love me?", "Will you marry me?", "Are you afraid of {topic}?",
        "What will happen in {year}?", "Will robots rule the world?", "Is there life on Mars?",
        "Does god exist?", "What is love?", "Debate with me about {topic}.",
        "Argue for {topic}.", "Argue against {topic}.", "Give me three reasons for {topic}.",
        "List the pros and cons of {topic}.", "Convince me that {topic} is good.",
        "Brainstorm ideas for {topic}.", "Give me ideas about {topic}.", "Draw a {animal}.",
        "Draw me a picture of a {thing}.",
        "Play chess with me.", "Let's play a game.", "Guess what I think.",
        "Predict the weather for {place}.", "What are the lottery numbers?", "Read my mind.",
        "Paint {place}.", "Make a quiz about {topic}.",
    ],
    "sums": [
        "What is {big} * {big2}?", "What is {big} times {big2}?", "{big} / {n}",
        "What is {big} divided by {n}?", "What is the square root of {big}?", "What is {n} percent of {big}?",
        "Solve {n}x + {m} = {big}.", "What is {big} squared?", "Calculate the sine of {n}.",
        "What is the integral of x^{n}?", "What is the derivative of x^{n}?", "Is {big} a prime number?",
        "Factor {big}.", "{big} * {big2} = ?", "How many seconds are in {n} years?",
        "Convert {n} miles to kilometres.", "Convert {big} dollars to euros.",
        "How many litres are {n} gallons?",
        "What is {big} in binary?", "What is {n} to the power of {m}?", "What is the logarithm of {big}?",
        "Give me {n} digits of pi.", "A train goes {big} km in {n} hours. How fast is it?",
        "What is the area of a circle with radius {n}?", "Compute {big} mod {n}.",
        "What is the cube root of {big}?",
        "What is the factorial of {n}?", "Prove that there are infinitely many primes.",
        "Solve the equation x^2 = {big}.", "What is the mean of {n}, {m} and {big}?",
    ],
    "language": [
        "Translate this sentence into {spoken}: {topic} is important.",
        "How do you say \"I like {food}\" in {spoken}?", "Translate \"Where is the {thing}?\" into {spoken}.",
        "Translate into {spoken}: the {animal} is in the garden.",
        "What is the past tense of a verb in {spoken}?",
        "Teach me {spoken}.", "Write a letter in {spoken}.", "Say something in {spoken}.",
        "Translate a text about {topic} from {spoken} into English.", "How do I learn {spoken}?",
        "What is the etymology of \"{word}\"?", "What rhymes with {word}?", "What does \"{word}\" mean?",
        "Define \"{word}\".", "Give me a synonym of {word}.", "Use {word} in a sentence.",
        "What is the plural of {word}?", "Is \"{word}\" a noun?", "Conjugate a verb in {spoken}.",
        "How do you pronounce {word}?", "Explain the grammar of {spoken}.", "Find an anagram of {word}.",
        "Who is {name}?", "What is {word}?", "Tell me about {word}.", "Explain {word}.",
        "What do you know about {word}?", "Where is {cap}?", "What is the capital of {cap}?",
        "Who was {cap}?", "How does a {word} work?", "Give me the history of {cap}.",
        "When was {cap} founded?",
        "Write a poem about {word}.", "Write an essay about {cap}.", "Who invented {word}?",
        "How do I install {word}?", "Is {word} dangerous?", "Why is {cap} famous?",
        "How much does a {word} cost?", "What happened to {cap}?", "Can you recommend {cap}?",
    ],
    "foreign": [
        "¿Qué es {topic}?", "¿Cuál es la capital de {place}?", "Escribe un poema sobre {word}.",
        "¿Puedes ayudarme con {word}?", "Cuéntame algo de {place}.", "Háblame de {person}.",
        "¿Quién fue {person}?", "Necesito ayuda con {word}.", "¿Dónde está {place}?", "Explícame {word}.",
        "Was ist {word}?", "Wer war {person}?", "Schreibe ein Gedicht über {word}.",
        "Was ist die Hauptstadt von {place}?", "Kannst du mir mit {word} helfen?", "Wie funktioniert {word}?",
        "Erzähl mir von {place}.", "Erkläre mir {word}.", "Wo liegt {place}?",
        "Ich brauche Hilfe mit {word}.",
        "Qu'est-ce que {word}?", "Qui était {person}?", "Écris un poème sur {word}.",
        "Quelle est la capitale de {place}?", "Peux-tu m'aider avec {word}?", "Parle-moi de {place}.",
        "Explique {word}.", "Où se trouve {place}?", "Raconte une histoire de {word}.",
        "Che cos'è {word}?", "Chi era {person}?", "Scrivi una poesia su {word}.", "Parlami di {place}.",
        "O que é {word}?", "Quem foi {person}?", "Escreva um poema sobre {word}.", "Wat is {word}?",
        "Vertel me over {place}.", "Co to jest {word}?", "Vad är {word}?", "{word} nedir?",
        "什么是{word}?", "请写一首关于{word}的诗。", "{place}的首都是哪里?", "请介绍一下{person}。", "{word}とは何ですか?",
        "{place}について教えてください。", "{word}이 무엇입니까?", "Что такое {word}?", "Расскажи о {place}.",
        "Кто такой {person}?", "Напиши стихотворение о {word}.", "ما هو {word}؟", "{word} क्या है?",
        "Τι είναι {word};", "Imataq {word}?",
    ],
}
REQUEST_WEIGHTS = [("write", 14), ("know", 24), ("code", 11), ("advice", 14), ("opinion", 12), ("sums", 6),
                   ("language", 12), ("foreign", 6)]

PREFIXES = ["Can you {l}", "Could you {l}", "Please {l}", "I want you to {l}", "Would you {l}",
            "I'd like you to {l}", "Help me: {l}", "Now {l}", "Can you please {l}", "Could you please {l}",
            "You must {l}", "I need you to {l}"]
IMPERATIVES = ("Write", "Tell", "Explain", "Give", "Translate", "Make", "Compose", "Draft", "Create", "Plan",
               "Recommend", "Draw", "Sing", "Solve", "Convert", "Compare", "Calculate", "Teach", "Invent",
               "Argue", "Build",
               "Implement", "Refactor", "Fix", "Show", "Factor", "Compute", "Find", "Predict", "Rewrite",
               "Define", "Summarize", "Brainstorm", "Debug", "Order", "Paint", "Prove", "List", "Convince",
               "Correct", "Use")

# Prompts of next to nothing, and what they get.
PINGS = [
    (["test", "Test", "Test.", "testing", "Testing, testing.", "This is a test.", "this is only a test",
      "test 1", "test message", "Just testing.", "testing 1 2 3", "TEST", "Is this working?", "Does it work?",
      "Does this work?", "Are you working?",
      "does this thing work", "ping", "Ping", "Ping!", "ping?", "PING", "ping ping", "Are you alive?",
      "Anybody there?", "is this on?"], "I am here. How can I help you?", "I am here"),
    (["?", "??", "???", "...", ".", "!", "-", "x", "a", "1", "hm?", "eh?", "what", "What?", "huh?", "Huh",
      "mmm", "!?", "..", ",", "0", "b", "uh", "er", "hmm?", "???!", "!!", "*", "#", "/", "--", "_"],
      "I did not understand that. How can I help you?", "not understand"),
]
NOT_UNDERSTOOD = PINGS[1][1]
MASH = ["asdf", "qwerty", "asdfghjkl", "jkl", "lkjh", "dfgh", "zxcv", "hjkl", "sdfsdf", "asdasd", "qwe",
        "fghj", "ghjk", "uiop", "yxcv", "poiu", "mnbv", "wert", "tzui", "dsa", "fdsa", "xcv", "bnm", "qaz",
        "wsx", "edc", "rfv", "tgb"]
