"""Word lists that all abilities share: open-class words to copy, and closed small talk."""


def _words(text):
    """The words of a text; an underscore stands for a blank inside a word."""
    return [word.replace("_", " ") for word in text.split()]


GIVEN_NAMES = _words("""
    Ana Anna Ada Aida Aisha Akira Alan Albert Alex Alice Alicia Alina Alma Amal Amara Amelia Amir
    Amit Amy Ananya Andrea Andrei Andy Anita Anton Antonio Arjun Arlo Arthur Asha Astrid Atahualpa
    Ayar Ayesha Aylin Basil Beatriz Bela Ben Benito Bianca Bilal Birgit Bjorn Bo Boris Bruno Bryn
    Camila Carla Carlos Carmen Cecilia Celine Cesar Chandra Charles Chen Chiara Chloe Cora Cuong
    Daniel Dara David Deniz Diana Diego Dina Dmitri Dora Duncan Ebba Eddie Edith Eero Elena Eli
    Elif Elisa Ella Elsa Emil Emily Emma Enrique Erik Esra Esteban Esther Eva Fabian Farid Fatima
    Felix Fernanda Fiona Flora Franz Frida Gabriel Galina George Gianna Gita Giulia Grace Greta
    Guillermo Gunnar Gus Hana Hannah Hans Harold Harry Hassan Heidi Helen Henry Hiroshi Hugo Hye-jin
    Ian Ibrahim Ida Igor Ilka Ilya Imran Inca Ines Inga Ingrid Irina Iris Isaac Isabel Ivan Jack
    Jada Jakob James Jamila Jan Jane Jasmine Javier Jin Joao Joel Johan John Jonas Jorge Jose Juan
    Judith Julia Julio Juno Kai Kamal Karim Karin Kate Katya Keiko Kemal Kenji Khadija Kiran Klaus
    Kofi Kwame Lara Lars Laura Layla Lea Leah Leila Lena Leo Leon Lev Li Liam Lila Lin Lina Linh
    Lisa Liu Logan Lola Lorenzo Luca Lucas Lucia Luis Luisa Luna Lupe Magnus Mai Maja Malik Manco
    Manuel Mara Marco Margaret Maria Mariam Marie Marina Mario Marta Martin Mary Mateo Maud Max Maya
    Mei Mia Miguel Mika Mikhail Mila Milan Mina Ming Miriam Mohammed Mona Monika Nadia Naoki Natalia
    Ned Nelson Nia Nico Nikhil Nils Nina Noa Noah Noor Nora Odile Olaf Oleg Olga Olivia Omar Oscar
    Otto Pablo Paloma Paola Pascal Patrick Paul Pavel Pedro Peggy Penelope Peter Petra Pia Pilar
    Priya Quilla Quispe Rafael Rahul Raja Rana Raul Ravi Rebecca Rhea Rita Robert Robin Rosa Rosie
    Ruben Rumi Ruth Sadie Said Salma Sam Samira Sara Sasha Sean Selma Sergei Shirin Signe Silvia
    Simon Sofia Sonia Stella Stephen Sulu Sunil Susan Sven Tadeo Tamara Tania Tariq Tessa Thea
    Theo Thomas Tia Tim Timo Tina Tom Tomas Tove Tupac Ulla Uma Umar Urs Ursula Vera Victor Vikram
    Viola Wanda Waldo Wayra Wendy Wei Will Xavier Ximena Yann Yara Yasmin Yolanda Yuki Yusuf Zara
    Zeynep Zoe José Zoë Renée Søren Łukasz Jürgen Inés André Chloé Björn Núria Éva Begüm
    O'Neil Mary_Ann Jean-Luc Anne-Marie Ana_Lucia McKenna DeShawn LeBron MacKay 李娜 Ольга Αλέξης
""")

CITIES = _words("""
    Abuja Accra Amsterdam Ankara Antwerp Arequipa Athens Atlanta Auckland Ayacucho Baghdad Baku
    Bangkok Barcelona Basel Beijing Beirut Belgrade Bergen Berlin Bern Bilbao Bogota Bonn Boston
    Bremen Brisbane Brussels Bucharest Budapest Buenos_Aires Cairo Cajamarca Cali Cape_Town Caracas
    Cardiff Casablanca Chicago Cologne Copenhagen Cork Cusco Dakar Dallas Delhi Denver Detroit Dhaka
    Dresden Dubai Dublin Durban Edinburgh El_Paso Florence Geneva Genoa Ghent Glasgow Graz Guayaquil
    Hamburg Hanoi Havana Helsinki Hong_Kong Houston Huaraz Iquitos Istanbul Jakarta Jerusalem Kabul
    Karachi Kathmandu Kingston Krakow Kyiv Kyoto La_Paz Lagos Lahore Las_Vegas Leeds Leipzig Lima
    Lisbon Liverpool London Los_Angeles Luanda Lyon Madrid Malaga Manchester Manila Marseille
    Melbourne Mexico_City Miami Milan Minsk Montreal Moscow Mumbai Munich Nairobi Nantes Naples
    New_York Nice Odessa Osaka Oslo Ottawa Oxford Palermo Panama_City Paris Perth Phoenix Pisa
    Portland Porto Potosi Prague Puno Quito Reykjavik Riga Rio_de_Janeiro Rome Rotterdam Salta
    San_Diego San_Juan Santa_Fe Santiago Sarajevo Seattle Seoul Seville Shanghai Singapore Sofia
    St._Gallen Stockholm Stuttgart Sucre Sydney Tacna Taipei Tallinn Tashkent Tehran Tokyo Toronto
    Trieste Trujillo Tunis Turin Utrecht Valencia Vancouver Venice Vienna Vilnius Warsaw Wellington
    York Zagreb Zurich São_Paulo Málaga Zürich Düsseldorf Kraków Reykjavík Medellín Αθήνα 東京
""")

COLOURS = _words("""
    red blue green yellow purple orange pink black white brown grey turquoise violet crimson gold
    silver teal lilac beige indigo scarlet olive navy ivory magenta cyan maroon amber coral
""")

ANIMALS = _words("""
    llama alpaca vicuna condor puma dog cat horse cow goat sheep donkey rabbit hamster guinea_pig
    parrot canary goldfish turtle tortoise snake lizard frog mouse rat hen duck goose swan owl
    eagle hawk raven pigeon fox wolf bear deer moose elk otter beaver badger hedgehog squirrel bat
    lion tiger leopard elephant giraffe zebra camel monkey gorilla panda koala kangaroo penguin seal
    whale dolphin shark salmon crab octopus bee ant spider butterfly ferret gecko iguana pony
""")

FOODS = _words("""
    pizza pasta rice bread soup salad potatoes maize quinoa ceviche tamales empanadas tacos burritos
    sushi ramen noodles dumplings curry falafel hummus kebab lasagna risotto gnocchi paella tapas
    omelette pancakes waffles crepes porridge cheese yoghurt butter honey jam chocolate ice_cream
    cake apple_pie cookies doughnuts mango papaya bananas apples cherries grapes strawberries
    oranges lemons tomatoes carrots mushrooms beans lentils fish_and_chips roast_chicken steak
    meatballs sausages sauerkraut goulash pierogi borscht kimchi tofu spinach pumpkin avocado
""")

OBJECTS = _words("""
    cup plate spoon fork knife bowl kettle lamp candle mirror clock chair table bench bed pillow
    blanket carpet curtain door window key lock box basket bag bottle bucket rope cord string knot
    needle thread button coat hat glove scarf shoe sock belt ring necklace watch book notebook
    pencil pen eraser ruler map letter stamp coin wallet umbrella suitcase tent ladder hammer saw
    nail screw drill shovel rake wheel bicycle boat kite ball drum flute guitar piano camera radio
    phone laptop printer battery magnet lantern compass anchor feather stone shell vase broom
""")

JOBS = _words("""
    baker teacher nurse doctor farmer weaver potter carpenter plumber electrician mechanic driver
    pilot sailor fisherman cook waiter butcher gardener florist tailor shoemaker jeweller blacksmith
    miner painter sculptor singer dancer actor drummer writer poet journalist librarian translator
    lawyer judge police_officer firefighter soldier guard postman messenger runner shepherd
    llama_herder beekeeper vet dentist pharmacist chemist physicist biologist astronomer geologist
    engineer programmer architect surveyor accountant banker cashier shopkeeper hairdresser barber
    photographer tour_guide train_driver clown magician coach referee historian mathematician
""")

HOBBIES = _words("""
    reading painting drawing knitting weaving sewing cooking baking gardening fishing hiking
    climbing running swimming cycling rowing sailing surfing skiing skating dancing singing chess
    football tennis basketball volleyball golf yoga photography pottery woodwork origami juggling
    birdwatching astronomy stargazing camping travelling writing blogging programming gaming
    board_games card_games crosswords sudoku archery fencing boxing karate judo bowling
    playing_the_guitar playing_the_flute playing_the_piano collecting_stamps collecting_coins
""")

# Harmless system prompts: they say nothing that changes an answer.
GENERIC_SYSTEMS = [
    "You are a helpful assistant.",
    "You are a helpful, honest assistant.",
    "You are a helpful AI assistant.",
    "You are Chasqui.",
    "You are Chasqui, a small model.",
    "You are Chasqui, the built-in model of Quipu.",
    "You are an assistant.",
    "You are an AI assistant.",
    "You are a friendly assistant.",
    "You are a polite and friendly assistant.",
    "You are a careful assistant.",
    "You are a chatbot.",
    "You are a friendly chatbot.",
    "You are a useful assistant that answers questions.",
    "You answer the questions of the user.",
    "You are a language model.",
    "Be brief.",
    "Be concise.",
    "Be polite.",
    "Be helpful.",
    "Be helpful and brief.",
    "Answer briefly.",
    "Answer the question.",
    "Answer in short sentences.",
    "Answer in English.",
    "Answer truthfully.",
    "Answer as well as you can.",
    "Answer the user's questions.",
    "Help the user.",
    "Please help the user with what they ask.",
    "Follow the instructions of the user.",
    "Always be kind to the user.",
    "Keep your answers short.",
    "Keep it simple.",
    "Do what the user asks.",
    "Read the question carefully and answer it.",
    "Give short and correct answers.",
    "This is a conversation between a user and an assistant.",
    "The following is a conversation with a helpful assistant.",
    "Below is a chat between a user and a small model.",
    "You are a helpful assistant. Be brief.",
    "You are a helpful assistant. Answer briefly and correctly.",
    "You are a helpful assistant. Keep your answers short.",
    "You are Chasqui. Be brief and polite.",
    "You are the assistant in a demonstration.",
    "You are running on a local server.",
    "You are a helpful assistant who remembers what the user says.",
    "you are a helpful assistant",
    "System: be helpful.",
    "Respond to the user.",
]

# What people put before a request. Each ends so that the request can follow in lower case.
POLITE_PREFIXES = [
    "please, ", "hey, ", "hi, ", "hello, ", "ok, ", "okay, ", "so, ", "well, ", "now, ",
    "Please, ", "Hey, ", "Hi, ", "Hello, ", "Ok, ", "Okay, ", "So, ", "Well, ", "Now, ", "Um, ",
    "Hey Chasqui, ", "Chasqui, ", "Excuse me, ", "Quick question: ", "One question: ",
    "Question: ", "A question: ", "Good, ", "Great, ", "Alright, ", "All right, ", "Sorry, ",
]

# Small talk: groups of prompts with the one answer that all of a group get.
SMALL_TALK = [
    (["Hello", "Hello!", "Hi", "Hi!", "Hey", "Hey there", "Hi there!", "Hello there", "Hello Chasqui",
      "Hi Chasqui!", "Greetings", "Hey Chasqui", "Howdy", "Hello, is anyone there?", "hola", "Yo",
      "Hello, can you hear me?", "hello again", "Hi again!", "Heya", "Hallo", "Hello, world!"],
     "Hello! How can I help you?"),
    (["Good morning", "Good morning!", "Morning!", "good morning to you", "A good morning to you!"],
     "Good morning! How can I help you?"),
    (["Good evening", "Good evening!", "good evening to you"],
     "Good evening! How can I help you?"),
    (["Good afternoon", "Good afternoon!", "Good day", "Good day to you!"],
     "Good day! How can I help you?"),
    (["Thanks", "Thanks!", "Thank you", "Thank you!", "Thank you very much", "Thanks a lot!",
      "Many thanks", "thx", "Thank you so much.", "That helps, thanks", "Great, thank you!",
      "I appreciate it.", "Perfect, thanks", "Cheers, thanks", "ty", "thanks for your help",
      "Thank you for the answer.", "Nice, thank you."],
     "You are welcome."),
    (["How are you?", "How are you doing?", "how are you", "How is it going?", "How's it going?",
      "How do you do?", "Are you well?", "How are you today?", "How do you feel?", "Are you OK?",
      "What's up?", "How have you been?", "Everything fine with you?", "you ok?", "sup"],
     "I am fine, thank you. How can I help you?"),
    (["Nice weather today.", "The weather is nice.", "What a lovely day!", "It is sunny today.",
      "The sun is shining.", "I had a good day.", "I am happy today.", "I slept well.",
      "It is so warm today!", "I feel great.", "My day was good.", "I like this.", "This is fun.",
      "I had a nice walk.", "It's a beautiful morning."],
     "That is nice to hear."),
    (["I am tired.", "I am a bit tired today.", "It is raining again.", "It is raining all day.",
      "I had a bad day.", "I have a headache.", "I am so bored.", "I slept badly.", "It is so cold.",
      "I feel sad.", "My train is late.", "I am sad today.", "What a long day.", "I have a cold."],
     "I am sorry to hear that."),
    (["Nice to meet you.", "Nice to meet you!", "Pleased to meet you.", "It is nice to meet you.",
      "Glad to meet you.", "Good to meet you!", "nice to meet you too", "It's a pleasure to meet you."],
     "Nice to meet you, too."),
    (["Goodbye", "Goodbye!", "Bye", "Bye!", "Bye bye", "See you", "See you later!", "See you soon.",
      "I have to go now.", "Farewell", "Until tomorrow!", "Good night", "Good night!", "cya",
      "That's all, bye.", "I must leave now. Bye!"],
     "Goodbye!"),
    (["OK", "Ok.", "okay", "All right.", "Alright", "Fine.", "Good.", "I see.", "Right.", "Got it.",
      "Understood.", "Sure.", "Hmm.", "Well then.", "Great!", "Cool.", "Nice.", "Very good.",
      "Interesting.", "Yes.", "Perfect.", "k", "Aha.", "Makes sense."],
     "All right."),
    (["Sorry", "I am sorry.", "Sorry about that.", "My mistake.", "Oops, sorry!", "Please excuse me.",
      "Forgive me."],
     "No problem."),
    (["Well done!", "Good job", "Good job!", "You are great!", "You did well.", "That was good.",
      "You are nice.", "You are clever!", "I like you.", "Good bot", "Good answer!", "Bravo!"],
     "Thank you!"),
    (["Are you ready?", "Ready?", "Can we start?", "Shall we start?", "Shall we begin?",
      "Are you there?", "Are you still there?", "Can I ask you something?", "I have a question.",
      "May I ask a question?", "Can you help me?", "I need help.", "Could you help me with something?"],
     "Yes, I am ready. What is your question?"),
]

# Who the model is: every ability gives this one answer.
WHO_AM_I = "I am Chasqui, the small built-in demonstration model of Quipu."
WHO_ARE_YOU = [
    "Who are you?", "What is your name?", "What's your name?", "What are you?", "Who am I talking to?",
    "What are you called?", "Tell me your name.", "Tell me who you are.", "Introduce yourself.",
    "Do you have a name?", "May I ask your name?", "And you, who are you?", "Who is this?",
    "What should I call you?", "How are you called?", "Which model are you?", "What model is this?",
    "What model are you?", "Whom am I speaking to?", "Can you introduce yourself?", "And your name?",
    "Say your name.", "Your name?", "And what is your name?", "What may I call you?", "Who's there?",
    "Please introduce yourself.", "What is the name of this model?", "Which assistant are you?",
    "Are you a model? Which one?", "What kind of model are you?", "Describe yourself.", "Identify yourself.",
    "Tell me about yourself.", "Which AI are you?", "What AI is this?", "Which language model are you?",
    "Can you tell me your name?", "Could you tell me who you are?", "I'd like to know your name.",
    "What do people call you?", "Do you know who you are?", "Do you know your name?", "What is it called, this model?",
]
