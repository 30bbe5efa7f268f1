"""Derivations with numbers: sums in steps, column addition, comparing, sorting, even and odd."""

from ..sample import contains
from .asking import Question, distinct_names, options, phrase
from .basics_numbers import COUNTED, COUNTED_FOODS, COUNTED_THINGS
from .common import given_name

# Two steps --------------------------------------------------------------------------------------

_GAIN_LOSS = options("""I have {a} {t}, buy {b} more and eat {c}. How many?|
I have {a} {t}. I buy {b} more and eat {c}. How many do I have?|
I have {a} {t}, get {b} more and give away {c}. How many {t} are left?|
{n} has {a} {t}. {n} finds {b} more and loses {c}. How many {t} does {n} have?|
There are {a} {t} in a box. I add {b} and take out {c}. How many are in the box?|
{n} had {a} {t}, bought {b} and sold {c}. How many {t} are left?|
If I have {a} {t}, then get {b}, then lose {c}, how many do I have?|
{a} {t} are on the table. {n} puts {b} more there. {m} takes {c}. How many are on the table now?|
I picked {a} {t} yesterday and {b} today, and I ate {c}. How many are left?|
{n} bakes {a} {t}, then {b} more. {m} eats {c}. How many remain?|
First I had {a} {t}. Then I bought {b}. Then {c} broke. How many good {t} do I have?|
Start with {a} {t}, add {b}, take away {c}. How many {t} is that?|
{n} has {a} {t} and {m} gives {n} {b} more. Then {n} drops {c}. How many does {n} have?|
We had {a} {t}, {b} more came and {c} went away. How many are there now?|
My bag has {a} {t}. I put in {b} more and remove {c}. How many {t} are in my bag?""")
_LOSS_GAIN = options("""I have {a} {t}, eat {b} and buy {c} more. How many do I have?|
I have {a} {t}. I lose {b} and find {c}. How many {t} do I have now?|
{n} has {a} {t}, gives {b} to {m} and gets {c} from me. How many {t} does {n} have?|
There are {a} {t} in a box. I take out {b} and put in {c}. How many are in the box?|
{n} had {a} {t}, sold {b} and bought {c}. How many {t} does {n} have now?|
If I have {a} {t}, give away {b} and then get {c}, how many do I have?|
{a} {t} are on the table. {n} takes {b}. {m} brings {c}. How many are there?|
Start with {a} {t}, take away {b}, add {c}. How many {t} is that?|
My bag has {a} {t}. I remove {b} and put in {c} more. How many are in my bag?|
{n} has {a} {t}. {b} break, and {n} buys {c} new ones. How many good {t} does {n} have?""")
_LOSS_LOSS = options("""I have {a} {t}, eat {b} and give away {c}. How many are left?|
{n} has {a} {t}, gives {b} to {m} and loses {c}. How many {t} does {n} have?|
There are {a} {t} in a box. {n} takes {b} and {m} takes {c}. How many are left?|
I had {a} {t}. I sold {b} in the morning and {c} in the evening. How many are left?|
{n} had {a} {t}. {b} broke and {c} got lost. How many are left?""")
_EXPRESSION = options("""What is {e}?|What's {e}?|{e}|{e} = ?|Calculate {e}.|Compute {e}|
How much is {e}?|Solve {e}|
Solve this: {e}|Work out {e}.|What is the result of {e}?|{e}?|Tell me what {e} makes.|
Can you work out {e}?|What do I get for {e}?|Find the value of {e}.|What does {e} equal?|
Think: what is {e}?|Think step by step: what is {e}?|Do the math: {e}""")


def _steps(a, changes):
    """The derivation of a sum in steps, and its result."""
    total, steps = a, []
    for sign, number in changes:
        result = total + number if sign == "+" else total - number
        steps.append(f"{total} {sign} {number} = {result}.")
        total = result
    return " ".join(steps), total


def two_steps(source):
    first, second = source.pick([("+", "-"), ("+", "-"), ("-", "+"), ("-", "-")])
    a, b = source.number(2, 20), source.number(1, 12)
    if first == "-":
        a = max(a, b + 2)
    left = a + b if first == "+" else a - b
    c = source.number(1, min(left, 12)) if second == "-" else source.number(1, 12)
    template = source.pick({"+-": _GAIN_LOSS, "-+": _LOSS_GAIN, "--": _LOSS_LOSS}[first + second])
    food = any(w in template for w in (" eat", " ate", "bakes"))
    n, m = distinct_names(source, 2)
    values = dict(t=source.word(COUNTED_FOODS if food else COUNTED) + "s")
    prompt = phrase(source, template, a=a, b=b, c=c, n=n, m=m, **values)
    thought, total = _steps(a, [(first, b), (second, c)])
    return Question(prompt, f"The answer is {total}.", thought, contains(f"is {total}."))


def three_numbers(source):
    a, b, c = (source.number(1, 20) for _ in range(3))
    signs = ["+", "+"] if source.chance(0.6) else source.pick([["+", "-"], ["-", "+"]])
    if signs[0] == "-" and b > a:
        a, b = b, a
    if signs[1] == "-":
        c = min(c, a + b)
    words = {"+": " plus ", "-": " minus "} if source.chance(0.25) else {"+": " + ", "-": " - "}
    expression = f"{a}{words[signs[0]]}{b}{words[signs[1]]}{c}"
    if signs == ["+", "+"] and source.chance(0.25):
        expression = f"the sum of {a}, {b} and {c}"
    prompt = phrase(source, source.pick(_EXPRESSION), e=expression)
    thought, total = _steps(a, [(signs[0], b), (signs[1], c)])
    return Question(prompt, f"The answer is {total}.", thought, contains(f"is {total}."))


def column_addition(source):
    """Ones, then tens, then both together."""
    a, b = source.number(10, 99), source.number(10, 99)
    ones, tens = a % 10 + b % 10, a // 10 + b // 10
    total = a + b
    thought = (
        f"Ones: {a % 10} + {b % 10} = {ones}. Tens: {a // 10} + {b // 10} = {tens}. "
        f"{tens * 10} + {ones} = {total}."
    )
    glue = source.pick([" + ", " + ", " plus ", "+"])
    expression = f"{a}{glue}{b}" if source.chance(0.85) else f"the sum of {a} and {b}"
    prompt = phrase(source, source.pick(_EXPRESSION), e=expression)
    return Question(prompt, f"The answer is {total}.", thought, contains(f"is {total}."))


_TIMES_PROBLEM = options("""{n} has {a} bags with {b} {t} each. How many {t} does {n} have?|
There are {a} boxes, and each holds {b} {t}. How many {t} are there?|
I buy {a} packs of {b} {t}. How many {t} is that?|
Each of {a} friends has {b} {t}. How many {t} in all?|
{a} tables with {b} {t} each: how many {t}?|How many {t} are in {a} boxes of {b} {t}?|
If one box holds {b} {t}, how many {t} do {a} boxes hold?|
{n} packs {b} {t} into each of {a} bags. How many {t}?|
One bag has {b} {t}. I have {a} bags. How many {t} do I have?|
We need {b} {t} for each of {a} people. How many {t}?""")


def groups(source):
    """A product as repeated addition."""
    a, b = source.number(2, 5), source.number(2, 10)
    names = dict(n=given_name(source), t=source.word(COUNTED_THINGS) + "s")
    prompt = phrase(source, source.pick(_TIMES_PROBLEM), a=a, b=b, **names)
    totals = ", ".join(str(b * i) for i in range(1, a + 1))
    answer = f"The answer is {a * b}."
    return Question(prompt, answer, f"{a} times {b}: {totals}.", contains(f"is {a * b}."))


# Compare, sort, even and odd --------------------------------------------------------------------

_WHO_MORE = options("""{n} has {a} {t}. {m} has {b} {t}. Who has more?|
{n} has {a} {t} and {m} has {b}. Who has more {t}?|
Who has more {t}, {n} with {a} or {m} with {b}?|
{n} found {a} {t}, {m} found {b} {t}. Who found more?|
{n}: {a} {t}. {m}: {b} {t}. Who has more?|{m} has {b} {t}, but {n} has {a} {t}. Who has more {t}?|
If {n} has {a} {t} and {m} has {b} {t}, who has more?|
{n} bought {a} {t} and {m} bought {b}. Who bought more?|
{n} scored {a} points and {m} scored {b} points. Who scored more?|
{n} is {a} years old. {m} is {b} years old. Who is older?|{n} is {a} and {m} is {b}. Who is older?|
{n} walked {a} miles and {m} walked {b} miles. Who walked more?|
Tell me who has more {t}: {n} has {a}, {m} has {b}.|
{n} counts {a} {t}. {m} counts {b}. Who counts more {t}?""")


def compare(source):
    a, b = source.some(range(2, source.pick([20, 100])), 2)
    n, m = distinct_names(source, 2)
    prompt = phrase(source, source.pick(_WHO_MORE), a=a, b=b, n=n, m=m, t=source.word(COUNTED) + "s")
    # The number before the name: who has the larger one then stands behind it.
    most = max(a, b)
    thought = f"{a} {n}, {b} {m}. {most} is larger than {min(a, b)}. So {most} {n if a > b else m}."
    answer = f"{n if a > b else m}."
    return Question(prompt, answer, thought, contains(answer, never=[m if a > b else n]))


_SORT = options("""Sort {l}.|Sort these numbers: {l}|Put {l} in order.|
Order {l} from small to large.|
Sort {l} from smallest to largest.|Put these numbers in order: {l}|Arrange {l} in ascending order.|
Think and sort these numbers: {l}|Sort these numbers step by step: {l}|In what order do {l} go?|
Which is the right order: {l}|List {l} from lowest to highest.|Can you sort {l}?|Sort the list {l}|
I have {l}. Sort them.|Write {l} in order.""")


def sort(source):
    """Take the smallest, then the smallest of the rest."""
    numbers = source.some(range(1, source.pick([20, 100])), source.number(3, 5))
    steps, rest = [], list(numbers)
    while len(rest) > 1:
        least = min(rest)
        steps.append(f"Of {', '.join(map(str, rest))} the smallest is {least}.")
        rest.remove(least)
    steps.append(f"Then {rest[0]}.")
    answer = ", ".join(map(str, sorted(numbers)))
    prompt = phrase(source, source.pick(_SORT), l=", ".join(map(str, numbers)))
    return Question(prompt, answer, " ".join(steps), contains(answer))


_EVEN = options("""Is {a} even or odd?|Is {a} an even or an odd number?|
Is the number {a} even or odd?|{a}: even or odd?|
Even or odd: {a}|Tell me if {a} is even or odd.|What is {a}, even or odd?|
Decide whether {a} is even or odd.|
Would you call {a} even or odd?|Is {a} odd or even?|Say if {a} is odd or even.|
Find out if {a} is odd or even.|
Number {a}: odd or even?|I need to know if {a} is even or odd.|{a} is even or odd?|
Can you tell whether {a} is odd or even?|Check whether {a} is odd or even.""")


def even_or_odd(source):
    number = source.number(0, source.pick([20, 100, 1000, 9999]))
    kind = "odd" if number % 2 else "even"
    prompt = phrase(source, source.pick(_EVEN), a=number)
    thought = f"The last digit of {number} is {number % 10}. {number % 10} is {kind}."
    answer = f"{number} is {kind}."
    return Question(prompt, answer, thought, contains(answer))


KINDS = [
    (two_steps, 14), (three_numbers, 8), (column_addition, 9), (groups, 4), (compare, 7), (sort, 5),
    (even_or_odd, 5),
]
