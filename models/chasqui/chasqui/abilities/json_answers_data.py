"""Phrasings and facts for JSON answers.

In a phrasing `{keys}` is the list of keys, `{facts}` the text that holds the values.
"""


def _lines(text):
    return [line.strip() for line in text.split("\n") if line.strip()]


# A domain: how its subject is called as a key, the subject's kind, and predicates of it. A predicate
# has its key names, the kind of its value and the ways it is told; a boolean one tells yes and no.
DOMAINS = [
    ("name person full_name", ["person", "person", "full_name"], "{}", [
        ("age", "age", ["is {} years old", "is {}", "is {} years of age", "turned {}"]),
        ("city home location", "city", ["lives in {}", "is from {}", "comes from {}"]),
        ("country", "country", ["was born in {}"]),
        ("job profession occupation", "job", ["works as a {}", "is a {} by trade", "has a job as a {}"]),
        ("email mail", "email", ["has the email {}", "can be reached at {}"]),
        ("favorite_color color colour", "colour", ["likes the color {}", "has the favorite color {}"]),
        ("pet", "animal", ["has a {}", "owns a {}"]),
        ("children kids", "few", ["has {} children", "has {} kids"]),
        ("languages", "spoken", ["speaks {}"]),
        ("hobbies likes interests", "topics", ["likes {}", "is fond of {}"]),
        ("married is_married", "bool", ["is married", "is not married"]),
        ("has_car car", "bool", ["has a car", "has no car"]),
        ("student is_student", "bool", ["is a student", "is no student"]),
        ("phone", "phone", ["has the phone number {}"]),
        ("id user_id", "code", ["has the id {}"])]),
    ("product item name", ["thing"], "The {}", [
        ("price cost", "amount", ["costs {} dollars", "costs {} euros", "is sold for {}"]),
        ("color colour", "colour", ["is {}", "comes in {}"]),
        ("weight", "number", ["weighs {} kg", "weighs {} grams"]),
        ("quantity count amount", "count", ["is there {} times"]),
        ("sku code id", "code", ["has the code {}", "has the number {}"]),
        ("brand maker", "company", ["is made by {}"]),
        ("in_stock available", "bool", ["is in stock", "is not in stock"]),
        ("used is_used", "bool", ["is used", "is not used"]),
        ("rating stars", "few", ["has {} stars", "has a rating of {}"])]),
    ("title event name", ["word"], "The {} event", [
        ("date day", "date", ["is on {}", "takes place on {}"]),
        ("time start", "time", ["starts at {}", "begins at {}"]),
        ("city place location", "city", ["is in {}", "takes place in {}"]),
        ("guests people", "count", ["has {} guests", "is for {} people"]),
        ("host organizer", "person", ["is run by {}", "is hosted by {}"]),
        ("free is_free", "bool", ["is free", "is not free"]),
        ("room", "code", ["is in room {}"])]),
    ("book title", ["thing"], 'The book "{}"', [
        ("author writer", "full_name", ["is by {}", "was written by {}"]),
        ("year", "year", ["is from {}", "came out in {}"]),
        ("pages", "count", ["has {} pages"]),
        ("language", "language", ["is in {}"]),
        ("price", "amount", ["costs {} dollars"]),
        ("topic subject", "topic", ["is about {}"])]),
    ("city name", ["city"], "{}", [
        ("country", "country", ["is in {}", "lies in {}"]),
        ("population people", "big", ["has {} people", "has a population of {}"]),
        ("mayor", "full_name", ["has the mayor {}"]),
        ("rivers bridges", "few", ["has {} bridges"]),
        ("founded year", "year", ["was founded in {}"])]),
    ("order order_id id", ["code"], "Order {}", [
        ("customer name", "person", ["is from {}", "was placed by {}"]),
        ("items products", "things", ["has the items {}", "contains {}"]),
        ("total price", "amount", ["comes to {} dollars"]),
        ("paid", "bool", ["is paid", "is not paid"]),
        ("date", "date", ["was made on {}"]),
        ("city", "city", ["goes to {}"])]),
]

# The instruction before or after the facts.
EXTRACT = _lines("""
Return JSON with keys {keys}: {facts}
Return JSON with the keys {keys}: {facts}
Return a JSON object with keys {keys}: {facts}
Answer as JSON with the keys {keys}. {facts}
Answer in JSON with keys {keys}: {facts}
Reply with JSON only. Keys: {keys}. {facts}
Extract {keys} as JSON: {facts}
Extract {keys} as JSON from this text: {facts}
Extract the fields {keys} as a JSON object. Text: {facts}
Turn this into JSON with the keys {keys}: {facts}
Write this as JSON with keys {keys}: {facts}
Convert to JSON with the fields {keys}: {facts}
Make a JSON object with {keys} from this: {facts}
{facts} Return this as JSON with keys {keys}.
{facts} Give me JSON with the keys {keys}.
{facts} Write that as a JSON object with the keys {keys}.
{facts} Put this in JSON. Use the keys {keys}.
{facts} Extract {keys} as JSON.
{facts} Answer with a JSON object that has the keys {keys}.
{facts} What are {keys}? Answer as JSON.
Please answer only with JSON. The keys are {keys}. The text is: {facts}
I need {keys} as JSON. {facts}
Give me a JSON with {keys} for this text: {facts}
Read the text and fill the keys {keys} in JSON. {facts}
Parse this into a JSON object with the keys {keys}: {facts}
JSON with {keys}, please: {facts}
From the text below, give {keys} as JSON and nothing else. {facts}
Return nothing other than JSON with {keys} keys. {facts}
Get {keys} out of this text, in JSON format: {facts}
Summarize as JSON with keys {keys}: {facts}
""")

# A system message that asks for JSON; the user just gives the facts.
SYSTEMS = _lines("""
Respond only with a JSON object with the keys {keys}.
Answer only in JSON with the keys {keys}.
You extract data. Return a JSON object with the keys {keys}.
Always reply with JSON. Use the keys {keys}.
You are a helpful assistant that outputs JSON with the keys {keys}.
Return JSON only, with keys {keys}, and no other text.
Extract {keys} from what the user says. Answer in JSON.
You turn text into JSON objects with the fields {keys}.
You are a JSON machine. The keys are {keys}.
Output valid JSON with {keys}. No prose.
Reply with nothing but a JSON object that has the keys {keys}.
""")

# A schema or an example object stands in the prompt.
SCHEMA = _lines("""
Answer with JSON that matches this schema: {schema} {facts}
Return JSON that follows this JSON schema: {schema} Text: {facts}
{facts} Return JSON with this schema: {schema}
{facts} Answer as JSON. Schema: {schema}
Use this JSON schema: {schema} {facts}
Extract the data. Schema: {schema} Text: {facts}
Fill this schema with the data from the text. {schema} {facts}
Respond in JSON according to this schema: {schema} {facts}
{facts} Output JSON that is valid for the schema {schema}
The output must be JSON and match the schema {schema} The text: {facts}
Here is a JSON schema: {schema} Answer with an object of that shape. {facts}
""")
EXAMPLE = _lines("""
Answer with JSON in this format: {schema} {facts}
Return JSON like {schema} for this text: {facts}
{facts} Reply in the form {schema}
{facts} Use this JSON format: {schema}
Fill in this JSON: {schema} {facts}
The answer must look like {schema} The text: {facts}
Convert to the format {schema} Text: {facts}
{facts} Give me JSON of the form {schema}
Output format: {schema} Input: {facts}
Please fill this JSON object: {schema} The facts: {facts}
""")
NULL_HINTS = ["", "", " Use null for what is not given.", " Missing values are null.", " If something is unknown, use null.",
              " Write null for missing facts."]

SET = _lines("""
Give me a JSON object with {pairs}.
Return a JSON object with {pairs}.
Make a JSON object with {pairs}.
Write JSON with {pairs}.
Create a JSON object where {pairs}.
I need a JSON object with {pairs}.
Answer as JSON: {pairs}
Output a JSON object with {pairs}.
Produce JSON with {pairs}.
Reply with a JSON object in which {pairs}.
JSON with {pairs}, please.
Return only JSON with {pairs}.
Build a JSON object with {pairs}.
Print a JSON object: {pairs}
Show me JSON with {pairs}.
Respond with JSON only: {pairs}
""")
ARRAY = _lines("""
Give me a JSON array of {noun} {items}.
Give me a JSON array with {items}.
Return {items} as a JSON array.
Return a JSON array of {noun} {items}.
Write {items} as a JSON list.
Make a JSON array out of {items}.
JSON array: {items}
Turn this list into a JSON array: {items}
Put {items} in a JSON array.
Convert to a JSON array: {items}
I need a JSON array of {noun} {items}.
As a JSON list, please: {items}
Answer with a JSON array of {items}.
Show {items} as a JSON array.
Write a JSON array that holds {items}.
Format {items} as a JSON array.
Return a JSON list with {noun} {items}.
The {items}, as a JSON array.
""")
KEYED_ARRAY = _lines("""
Return a JSON object with the key {key} that holds the list {items}.
Give me JSON with the key {key} and the values {items}.
Make a JSON object with a list {key}: {items}
Put {items} into a JSON object under the key {key}.
JSON with one key {key}, a list of {items}.
Write a JSON object whose key {key} is the array of {items}.
Return the items {items} as JSON under the key {key}.
I need a JSON object. The key {key} has the list {items}.
Answer as JSON with an array {key} of {items}.
""")
NESTED = _lines("""
Give me a JSON object with the key {outer} that holds an object with {pairs}.
Return JSON with a key {outer}, and in it {pairs}.
Make a JSON object with {outer} as an object with {pairs}.
Write nested JSON: the key {outer} holds {pairs}.
JSON with the key {outer} around an object with {pairs}.
Put {pairs} in an object under the key {outer} and return JSON.
I need JSON in which {outer} is an object with {pairs}.
Return a JSON object {outer} that has {pairs}.
Create a JSON object with one key {outer}. Its value is an object with {pairs}.
Answer as JSON: under {outer} an object with {pairs}.
""")
JOKES = _lines("""
Tell me a joke about {topic}. Return the result as a JSON with {keys} keys. Return nothing other than JSON.
Tell me a joke about {topic}. Answer as JSON with the keys {keys}.
Give me a joke about {topic} as JSON with {keys}.
I want a joke about {topic}. Respond in JSON with the keys {keys}.
Make a joke about {topic} in JSON. Keys: {keys}.
Return a JSON object with {keys} for a joke about {topic}.
Return JSON with keys {keys}: a joke about {topic}.
Write a joke about {topic} as a JSON object with keys {keys}.
A joke about {topic} in JSON, please. Use the keys {keys}.
Joke about {topic}. Only JSON with {keys}.
Do you know a joke about {topic}? Reply with JSON, keys {keys}.
Tell a joke on {topic} with {keys} as JSON keys.
Output a joke about {topic} as JSON. The keys are {keys}.
JSON with {keys} of a joke about {topic}
""")
JOKE_USERS = _lines("""
Tell me a joke about {topic}.
A joke about {topic}, please.
Joke about {topic}
Give me a joke about {topic}.
I want a joke about {topic}.
Do you know a joke about {topic}?
Make a joke about {topic}.
{topic}
""")
DAY_RANGE = _lines("""
List the {what} from {a} to {b} as a JSON array.
Give me the {what} from {a} to {b} as JSON array.
Return a JSON array of the {what} from {a} to {b}.
JSON array with the {what} from {a} to {b}
Write the {what} {a} to {b} as a JSON list.
Which {what} go from {a} to {b}? Answer with a JSON array.
I need the {what} from {a} to {b} in a JSON array.
Answer only with a JSON array: the {what} from {a} to {b}.
Make a JSON list of the {what} between {a} and {b}, both included.
All {what} from {a} to {b}, as JSON array, please.
""")
SUMS = _lines("""
What is {a} plus {b}? Answer as JSON with the key {key}.
Add {a} and {b}. Return JSON with the key {key}.
Give me the sum of {a} and {b} as JSON with key {key}.
Compute {a} + {b} and answer as JSON with the key {key}.
What is {a} + {b}? Reply with a JSON object with the key {key}.
Return JSON with key {key}: the sum of {a} and {b}
JSON only, key {key}: {a} + {b}
How much is {a} plus {b}? Use JSON and the key {key}.
Sum {a} and {b}. JSON object with one key {key}, please.
""")
TO_OBJECT = _lines("""
Convert this to JSON:
Convert to a JSON object:
Turn these lines into a JSON object:
Make JSON out of this:
Write this as JSON:
Here is some data. Return it as JSON.
As JSON, please:
Format this as a JSON object:
Rewrite as JSON:
Parse this and return JSON:
Return this data as a JSON object:
Give me this as JSON:
""")
CSV = _lines("""
Convert this CSV to JSON:
Turn this CSV line into a JSON object. The first line is the header:
CSV to JSON:
Here is a CSV with a header. Return the row as a JSON object.
Make a JSON object from this CSV:
Write this CSV row as JSON:
The first line has the keys, the second the values. Return JSON:
Parse the CSV into a JSON object:
Return this CSV as JSON:
Read the CSV and answer with a JSON object:
""")
TO_ARRAY = _lines("""
Convert this list to a JSON array:
Turn these lines into a JSON array:
Make a JSON array out of this list:
Write this list as JSON array:
Return the lines as a JSON array:
As a JSON array, please:
JSON array of these items:
Format this list as a JSON array:
Each line is an item. Return a JSON array:
Give me this list as a JSON array:
""")
JOBS = """baker teacher nurse doctor farmer driver pilot painter plumber lawyer cook waiter tailor weaver potter
gardener singer dancer writer editor builder carpenter mechanic engineer chemist dentist barber butcher
fisher sailor soldier judge clerk cashier librarian photographer programmer designer architect translator
electrician miner smith shepherd beekeeper brewer florist jeweler postman runner guide ranger coach referee
actor director drummer pianist poet banker broker optician pharmacist surgeon vet welder roofer mason
glazier cobbler porter steward captain diver juggler magician""".split()
