"""The counting and arithmetic of the basics: count, compare, sort, add and subtract up to 20."""

from ..sample import contains, exact
from .asking import Question, distinct_names, numbered, options, phrase
from .basics_data import ANIMALS, FOODS, NUMBER_WORDS, PLACES, THINGS, WORDS


# Count ------------------------------------------------------------------------------------------

_COUNT = options("""Count from {a} to {b}.|Count from {a} to {b}|Count {a} to {b}|
Count from {a} up to {b}.|
Count up from {a} to {b}.|Can you count from {a} to {b}?|Say the numbers from {a} to {b}.|
List the numbers from {a} to {b}.|Write the numbers from {a} to {b}.|
Give me the numbers from {a} to {b}.|
What are the numbers from {a} to {b}?|Start at {a} and count to {b}.|Numbers from {a} to {b}|
List all numbers from {a} to {b}.|Tell me the numbers from {a} through {b}.|
Print the numbers {a} to {b}.|
Count, starting at {a} and ending at {b}.|Let me hear you count from {a} to {b}.|
Show the numbers from {a} to {b}.|Begin with {a} and count until {b}.|From {a} count to {b}.""")
_COUNT_TO = options("""Count to {b}.|Count to {b}|Count up to {b}.|Can you count to {b}?|
Please count to {b}.|
Count from one to {b}.|Let's count to {b}.|I want you to count to {b}.|Say the numbers up to {b}.|
Show me that you can count to {b}.|Do you know how to count to {b}?|Now count to {b} for me.""")
_COUNT_DOWN = options("""Count from {a} down to {b}.|Count down from {a} to {b}.|
Count backwards from {a} to {b}.|
Count backward from {a} to {b}.|Say the numbers from {a} down to {b}.|
Start at {a} and count down to {b}.|
Can you count down from {a} to {b}?|Count from {a} back to {b}.|
List the numbers from {a} down to {b}.|
Make a countdown from {a} to {b}.|Countdown from {a} to {b}|From {a} count backwards to {b}.|
Count in reverse from {a} to {b}.|Write the numbers from {a} down to {b}.|Count from {a} to {b}.""")
_COUNT_DOWN_FROM = options("""Count down from {a}.|Count backwards from {a}.|
Do a countdown from {a}.|
Can you count down from {a}?|Countdown from {a}|Start at {a} and count down.""")


def _spoken(source, number, chance=0.1):
    return NUMBER_WORDS[number] if number <= 20 and source.chance(chance) else str(number)


def count(source):
    low = source.number(0, 20) if source.chance(0.6) else source.number(0, 110)
    high = low + source.number(2, 9 if source.chance(0.7) else 19)
    if source.chance(0.25):
        low, high = 1, source.number(2, 20)
        prompt = phrase(source, source.pick(_COUNT_TO), b=_spoken(source, high, 0.3))
    else:
        prompt = phrase(source, source.pick(_COUNT), a=_spoken(source, low), b=_spoken(source, high))
    answer = ", ".join(map(str, range(low, high + 1)))
    return Question(prompt, answer, f"Count from {low} to {high}.", exact(answer))


def count_down(source):
    if source.chance(0.2):
        low, high = 1, source.number(3, 20)
        prompt = phrase(source, source.pick(_COUNT_DOWN_FROM), a=_spoken(source, high, 0.3))
    else:
        low = source.pick([0, 1, 1, source.number(0, 90)])
        high = low + source.number(2, 9 if source.chance(0.7) else 14)
        prompt = phrase(
            source, source.pick(_COUNT_DOWN), a=_spoken(source, high), b=_spoken(source, low)
        )
    answer = ", ".join(map(str, range(high, low - 1, -1)))
    return Question(prompt, answer, f"Count down from {high} to {low}.", exact(answer))


_STEP_WORDS = {2: "twos", 5: "fives", 10: "tens", 3: "threes"}
_COUNT_BY = options("""Count by {s} from {a} to {b}.|Count by {s} to {b}, starting at {a}.|
Count in {s} from {a} to {b}.|
Can you count by {s} from {a} to {b}?|Count from {a} to {b} by {s}.|
Count from {a} to {b} in steps of {n}.|
Start at {a} and count by {s} to {b}.|Skip count by {s} from {a} to {b}.|
Numbers from {a} to {b} by {s}""")


def count_by(source):
    step = source.pick([2, 2, 5, 10, 3])
    low = source.pick([step, step, 0, source.number(1, 10) * step])
    high = low + step * source.number(2, 9)
    answer = ", ".join(map(str, range(low, high + 1, step)))
    words = source.pick([_STEP_WORDS[step], f"{step}s"])
    prompt = phrase(source, source.pick(_COUNT_BY), s=words, n=step, a=low, b=high)
    return Question(prompt, answer, f"Count from {low} to {high} by {step}.", exact(answer))


_HOW_MANY_WORDS = options("""How many words are in "{t}"?|How many words does "{t}" have?|
How many words are there in "{t}"?|
Count the words in "{t}".|Count the words: {t}|How many words: {t}|
Count the words in this text: {t}|
How many words are in this sentence: {t}|How many words does this text have? {t}|
Tell me how many words are in "{t}".|What is the number of words in "{t}"?|Word count of "{t}"?|
"{t}" - how many words is that?|Number of words in "{t}"?|Count these words: {t}|
Give me the number of words in "{t}".|How many words do you see here: {t}""")
_HOW_MANY_ITEMS = options("""How many items are in this list: {t}?|
How many items does this list have: {t}|
Count the items: {t}|Count these items: {t}|How many things are in this list: {t}|
How many are there: {t}?|Count the things in this list: {t}|How many items: {t}|
Here is a list: {t}. How many items does it have?|I have {t}. How many things do I have?|
I bought {t}. How many items is that?|Tell me how many items are in the list {t}.|
What is the number of items in {t}?|My list is {t}. How many items are on it?|
{t} - how many items are that?|On the table there are {t}. How many things are there?""")
_HOW_MANY_LETTERS = options("""How many letters are in {w}?|How many letters does {w} have?|
How many letters are in the word {w}?|
How many letters does the word {w} have?|Count the letters in {w}.|
Count the letters of the word {w}.|
How many letters are there in "{w}"?|How long is the word {w}?|Tell me how many letters {w} has.|
What is the number of letters in {w}?|Number of letters in {w}?|How many letters in {w}?|
{w}: how many letters?|How many characters are in {w}?|Give me the number of letters in "{w}".""")


def _plural(count, noun):
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def count_words(source):
    words = []
    for _ in range(source.number(1, 8)):
        words.append(source.word(WORDS) if source.chance(0.85) else source.made_up())
    answer = _plural(len(words), "word") + "."
    prompt = phrase(source, source.pick(_HOW_MANY_WORDS), t=" ".join(words))
    return Question(prompt, answer, f"{numbered(words)}.", exact(answer))


def count_items(source):
    theme = source.pick([ANIMALS, FOODS, THINGS, PLACES, WORDS])
    words = [source.word(theme) for _ in range(source.number(2, 8))]
    listed = ", ".join(words)
    if source.chance(0.3):
        listed = ", ".join(words[:-1]) + " and " + words[-1]
    answer = _plural(len(words), "item") + "."
    prompt = phrase(source, source.pick(_HOW_MANY_ITEMS), t=listed)
    return Question(prompt, answer, f"{numbered(words, ', ')}.", exact(answer))


def count_letters(source):
    word = source.made_up(2) if source.chance(0.2) else source.word(WORDS)
    answer = _plural(len(word), "letter") + "."
    prompt = phrase(source, source.pick(_HOW_MANY_LETTERS), w=word)
    return Question(prompt, answer, f"{numbered(word)}.", exact(answer))


# Compare and sort -------------------------------------------------------------------------------

_LARGER = options("""Which is {c}, {a} or {b}?|Which number is {c}, {a} or {b}?|
Which number is {c}: {a} or {b}?|
What is {c}, {a} or {b}?|Is {a} or {b} {c}?|Which one is {c}, {a} or {b}?|{a} or {b}, which is {c}?|
Of {a} and {b}, which is {c}?|Tell me which is {c}: {a} or {b}.|What's {c}: {a} or {b}?|
Here are two numbers: {a} and {b}. Which is {c}?|Which of {a} and {b} is {c}?|
Compare {a} and {b}: which is {c}?|I have {a} and {b}. Which number is {c}?|
{a} vs {b}: which is {c}?|
Say which number is {c}, {a} or {b}.|Which of these two numbers is {c}: {a}, {b}?|
{c}: {a} or {b}?""")
_MORE_WORDS = ["larger", "larger", "bigger", "greater", "higher", "more"]
_LESS_WORDS = ["smaller", "smaller", "less", "lower", "the smaller one"]
_IS_MORE = options("""Is {a} {c} than {b}?|Is {a} {c} than {b}|Is the number {a} {c} than {b}?|
Tell me, is {a} {c} than {b}?|Yes or no: is {a} {c} than {b}?|Do you think {a} is {c} than {b}?|
Is it true that {a} is {c} than {b}?|{a} is {c} than {b}, right?|Would you say {a} is {c} than {b}?|
I think {a} is {c} than {b}. Is that right?|Check this: is {a} {c} than {b}?""")
_EXTREME = options("""Which is the {c} of {l}?|What is the {c} number: {l}?|
Which number is the {c}: {l}?|
Find the {c} of these numbers: {l}|Tell me the {c} number of {l}.|What is the {c} of {l}?|
Which of these is the {c}: {l}|Here are some numbers: {l}. Which is the {c}?|
Pick the {c} number: {l}|
Name the {c} of these numbers: {l}|{l}: which is the {c}?|Give me the {c} number in this list: {l}|
Of {l}, which is the {c}?|Say which number is the {c}: {l}|What's the {c} number in {l}?""")
_SORT_UP = options("""Sort these numbers: {l}|Sort: {l}|Sort the numbers {l}.|
Put these numbers in order: {l}|
Order these numbers from smallest to largest: {l}|Sort {l} from small to large.|
Arrange these numbers in ascending order: {l}|Put {l} in order.|Can you sort these numbers: {l}|
Sort this list: {l}|List these numbers from lowest to highest: {l}|Sort in ascending order: {l}|
What is the right order of {l}?|Sort the list {l}|Write these numbers in order: {l}|
Here are some numbers: {l}. Sort them.|I have the numbers {l}. Put them in order.""")
_SORT_DOWN = options("""Sort these numbers from largest to smallest: {l}|
Sort {l} from large to small.|
Sort in descending order: {l}|Order these numbers from highest to lowest: {l}|
Arrange these numbers in descending order: {l}|Put these numbers in order, largest first: {l}|
Write these numbers from biggest to smallest: {l}|Sort the list {l}, biggest first|
Here are some numbers: {l}. Sort them from large to small.""")


def _numbers(source, count):
    high = source.pick([10, 20, 20, 100, 100, 1000])
    return source.some(range(high + 1), count)


def compare(source):
    a, b = _numbers(source, 2)
    if source.chance(0.03):
        b = a
    larger = source.chance(0.6)
    prompt = phrase(
        source, source.pick(_LARGER), c=source.pick(_MORE_WORDS if larger else _LESS_WORDS), a=a, b=b
    )
    if a == b:
        answer = f"{a} and {b} are equal."
    elif larger:
        answer = f"{max(a, b)} is larger than {min(a, b)}."
    else:
        answer = f"{min(a, b)} is smaller than {max(a, b)}."
    return Question(prompt, answer, f"Compare {a} and {b}.", contains(answer))


def is_more(source):
    a, b = _numbers(source, 2)
    more = source.chance(0.6)
    adjective = source.pick(["larger", "bigger", "greater", "more"] if more else ["smaller", "less"])
    prompt = phrase(source, source.pick(_IS_MORE), a=a, b=b, c=adjective)
    right = a > b if more else a < b
    answer = f"Yes, {a} is {adjective} than {b}." if right else f"No, {a} is not {adjective} than {b}."
    thought = f"{a} is {'larger' if a > b else 'smaller'} than {b}."
    return Question(prompt, answer, thought, contains(answer))


def _number_list(source, numbers):
    if source.chance(0.25):
        return ", ".join(map(str, numbers[:-1])) + f" and {numbers[-1]}"
    return source.pick([", ", ", ", " "]).join(map(str, numbers))


def extreme(source):
    numbers = _numbers(source, source.pick([3, 3, 3, 4, 5]))
    largest = source.chance(0.6)
    word = source.pick(["largest", "biggest", "greatest", "highest"] if largest else ["smallest", "lowest"])
    prompt = phrase(source, source.pick(_EXTREME), c=word, l=_number_list(source, numbers))
    answer = f"The {'largest' if largest else 'smallest'} is {max(numbers) if largest else min(numbers)}."
    return Question(prompt, answer, f"The numbers are {', '.join(map(str, numbers))}.", contains(answer))


def sort(source):
    numbers = _numbers(source, source.number(3, 5))
    down = source.chance(0.25)
    prompt = phrase(source, source.pick(_SORT_DOWN if down else _SORT_UP), l=_number_list(source, numbers))
    answer = ", ".join(map(str, sorted(numbers, reverse=down)))
    first = f"The {'largest' if down else 'smallest'} is {answer.split(',')[0]}."
    return Question(prompt, answer, first, exact(answer))


# Add and subtract -------------------------------------------------------------------------------

_ARITHMETIC = options("""What is {e}?|What's {e}?|{e}|{e}?|{e} =|{e} = ?|{e}=?|Calculate {e}.|
Calculate {e}|Compute {e}.|
How much is {e}?|Solve {e}|Solve: {e}|Tell me what {e} is.|What does {e} make?|
How much does {e} make?|
Work out {e}.|Can you calculate {e}?|What do you get for {e}?|Find {e}.|I need the result of {e}.|
What is the result of {e}?|What is the answer to {e}?|Do you know what {e} is?|
Give me the result: {e}|
Math question: what is {e}?|What does {e} equal?|{e} equals what?|Please solve {e}|Quick: {e}?|
Is it hard to say what {e} is?|Evaluate {e}|Say what {e} is.""")
_ADD_WORDS = options("""Add {a} and {b}.|What is the sum of {a} and {b}?|Add {b} to {a}.|
Sum {a} and {b}|
What do {a} and {b} make?|What is {a} and {b} together?|How much are {a} and {b} together?|
If I add {b} to {a}, what do I get?|Give me the sum of {a} and {b}.|
What do I get if I add {a} and {b}?""")
_SUBTRACT_WORDS = options("""Subtract {b} from {a}.|Take {b} away from {a}.|
What is {a} take away {b}?|
What is the difference between {a} and {b}?|What is left if I take {b} from {a}?|
How much is {a} less {b}?|If I take {b} from {a}, what is left?|
What do I get if I subtract {b} from {a}?""")
_GAIN = options("""{n} has {a} {t} and gets {b} more. How many {t} does {n} have now?|
I have {a} {t} and buy {b} more. How many do I have?|
I had {a} {t}. Then I found {b} more. How many are there now?|
There are {a} {t} in the box. I add {b}. How many {t} are in the box?|
{n} has {a} {t}. {m} has {b} {t}. How many {t} do they have together?|
{a} {t} are on the table, and {n} brings {b} more. How many {t} are on the table?|
If you have {a} {t} and I give you {b} more, how many do you have?|
{n} picked {a} {t} in the morning and {b} in the evening. How many {t} is that?|
I bought {a} {t} on Monday and {b} on Tuesday. How many {t} did I buy?|
We see {a} {t}, and then {b} more come. How many {t} are there?|
How many {t} do I have if I have {a} and get {b} more?""")
_LOSS = options("""I have {a} {t} and eat {b}. How many are left?|
I have {a} {t} and lose {b}. How many do I have now?|
{n} has {a} {t} and gives {b} to {m}. How many {t} does {n} have left?|
There are {a} {t} on the table. {n} takes {b}. How many {t} are left?|
I had {a} {t}. I sold {b}. How many {t} remain?|{n} bought {a} {t} and ate {b}. How many are left?|
If you have {a} {t} and give away {b}, how many do you have?|
{a} {t} were in the box and {b} were taken out. How many are still in it?|
{n} has {a} {t}. {b} of them are broken. How many are good?|
There were {a} {t}. Then {b} went away. How many stayed?|
How many {t} are left if I have {a} and lose {b}?""")
_PLUS = [" + ", " + ", " + ", "+", " plus ", " plus "]
_MINUS = [" - ", " - ", " - ", "-", " minus ", " minus "]
_TIMES = [" * ", " x ", " times ", " times ", "*", " multiplied by "]


def _equation(source, a, sign, b, templates, **values):
    result = {"+": a + b, "-": a - b, "*": a * b}[sign]
    answer = f"{a} {sign} {b} = {result}."
    thought = {"+": f"Add {a} and {b}.", "-": f"Take {b} from {a}.", "*": f"Multiply {a} by {b}."}[sign]
    prompt = phrase(source, source.pick(templates), a=values.pop("x", a), b=values.pop("y", b), **values)
    return Question(prompt, answer, thought, contains(f"= {result}."))


def arithmetic(source):
    sign = source.weighted([("+", 5), ("-", 4), ("*", 1)])
    a, b = source.number(0, 20), source.number(0, 20)
    if sign == "*":
        a, b = source.number(0, 10), source.number(0, 10)
    if sign == "-" and b > a and source.chance(0.9):
        a, b = b, a
    spoken = source.chance(0.15)
    x, y = (NUMBER_WORDS[a], NUMBER_WORDS[b]) if spoken else (a, b)
    if sign != "*" and source.chance(0.25):
        return _equation(source, a, sign, b, _ADD_WORDS if sign == "+" else _SUBTRACT_WORDS, x=x, y=y)
    glue = source.pick({"+": _PLUS, "-": _MINUS, "*": _TIMES}[sign])
    if spoken and not glue.strip().isalpha():
        glue = {"+": " plus ", "-": " minus ", "*": " times "}[sign]
    expression = f"{x}{glue}{y}"
    return _equation(source, a, sign, b, _ARITHMETIC, e=expression)


def word_problem(source):
    a, b = source.number(2, 20), source.number(2, 20)
    gain = source.chance(0.5)
    if not gain:
        a, b = max(a, b) + (a == b), min(a, b)
    template = source.pick(_GAIN if gain else _LOSS)
    # Only food is eaten.
    things = source.word(COUNTED_FOODS if " eat " in template or " ate " in template else COUNTED) + "s"
    n, m = distinct_names(source, 2)
    names = dict(n=n, m=m, t=things)
    if source.chance(0.1):
        names.update(x=NUMBER_WORDS[a] if a <= 20 else a, y=NUMBER_WORDS[b])
    return _equation(source, a, "+" if gain else "-", b, [template], **names)


# Nouns whose plural is a plain "s".
COUNTED = [
    w for w in FOODS + THINGS + ANIMALS
    if not w.endswith(("s", "x", "y", "sh", "ch", "z", "o", "f", "fe", "loaf", "leaf"))
    and w not in """mouse deer sheep fish goose ox moose bison shrimp salmon trout squid tuna meat rice bread
    butter milk bacon beef flour garlic honey jam juice oil pasta salt sugar tea toast popcorn coffee cream
    cheese corn cabbage broccoli spinach vinegar wheat quinoa vanilla cinnamon lettuce ginger mint mustard
    cereal curry yogurt soup chocolate chalk wool paint zipper string paper""".split()
]

COUNTED_FOODS = [w for w in COUNTED if w in FOODS]
COUNTED_THINGS = [w for w in COUNTED if w not in ANIMALS]

KINDS = [
    (count, 7), (count_down, 4), (count_by, 2), (count_words, 3), (count_items, 3),
    (count_letters, 3), (compare, 6), (is_more, 4), (extreme, 4), (sort, 4), (arithmetic, 10),
    (word_problem, 5),
]
