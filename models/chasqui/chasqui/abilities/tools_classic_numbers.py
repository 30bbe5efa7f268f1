"""Classic tools about numbers and measures: the weather, a calculator, currencies, dice."""

import math

from .tools_build import Param
from .tools_table import a_percentage, a_weather, may, need, one_of, some, tool, whole

_UNIT = may("unit", "unit units temperature_unit", one_of(
    celsius="celsius|Celsius|celsius|C|degrees C", fahrenheit="fahrenheit|Fahrenheit|F|degrees F"),
    "The unit.|The temperature unit.|celsius or fahrenheit", "in {unit}|in {unit}|, in {unit}")
_FORMAT = Param("unit", ["format", "unit"], _UNIT.kind, ["The unit.", "The format to return the weather in, e.g. "
                "'celsius' or 'fahrenheit'", "The temperature unit to use."], _UNIT.tails, always=True)
_A = need("a", "a a a x first num1 left", "int", "The first number.|First integer")
_B = need("b", "b b b y second num2 right", "int", "The second number.|Second integer")
_FA = need("a", "a x first", "number", "The first number.")
_FB = need("b", "b y second", "number", "The second number.")

NUMBERS = [
    tool("weather", "get_weather get_weather get_current_weather getWeather weather WeatherTool "
          "weather_lookup get-weather fetch_weather current_weather get_temperature check_weather",
          "Get the current weather for a city.|Get the weather at a location.|Get the current weather "
          "in a given location|Returns the weather.|Weather for a place.|Look up the weather in a city",
          [need("city", "city city location location place town", "city", "The city.|The name of the "
                 "city|City name, e.g. Paris|The city and state, e.g. San Francisco, CA|The location"),
           ], "the weather", """
          What is the weather in {city}?
          What's the weather in {city}?
          whats the weather today in {city}
          What is the weather like in {city}?
          What's the weather like in {city} today?
          what is the weather in {city} right now?
          How is the weather in {city}?
          How's the weather in {city}?
          How hot is it in {city}?
          How cold is it in {city}?
          How warm is it in {city} right now?
          Is it sunny in {city}?
          Is it raining in {city}?
          Will it rain in {city}?
          Do I need an umbrella in {city}?
          Should I take a coat in {city}?
          What is the temperature in {city}?
          What's the current temperature in {city}?
          Get the weather in {city}.
          Get the weather for {city}.
          Check the weather in {city}.
          Show me the weather in {city}.
          Give me the current weather for {city}.
          Tell me the weather in {city}.
          Weather in {city}?
          {city} weather
          I am in {city}. What is the weather?
          I'm going to {city}. Is it cold there?
          I want to know the weather in {city}.
          Use the tool to get the weather in {city}.
          """, a_weather, "The weather in {city}", "weather temperature condition"),
    tool("weather", "get_weather get_current_weather get_temperature current_temperature weather "
          "get_current_temperature", "Get the current weather in a given location|Get the current "
          "temperature for a city.|Get the temperature in a city", [
              need("city", "location city place", "city", "The city and state, e.g. San Francisco, CA|"
                    "The name of the city"), _UNIT], "the weather", """
          What is the weather in {city}?
          What's the weather like in {city}?
          How warm is it in {city}?
          How hot is it in {city}?
          How cold is it in {city} now?
          What is the temperature in {city}?
          What's the temperature in {city} today?
          Tell me the temperature in {city}.
          Get the weather for {city}.
          Give me the weather in {city}.
          Weather in {city}, please.
          Is it hot in {city}?
          Check the temperature in {city}.
          What is the weather in {city} in {unit}?
          How hot is it in {city} in {unit}?
          Temperature in {city} in {unit}?
          Give me the temperature for {city} in {unit}.
          """, a_weather, "The weather in {city}", "temperature condition"),
    tool("weather", "get_current_weather get_weather", "Get the current weather for a location|Get the current "
          "weather for a city", [
              need("city", "location city", "city", "The location to get the weather for, e.g. San Francisco, CA|"
                    "The name of the city"), _FORMAT], "the weather", """
          What is the weather today in {city}?
          What is the weather in {city}?
          what's the weather in {city} today
          How is the weather in {city} today?
          What's the temperature in {city}?
          Get the weather in {city}.
          Tell me how warm it is in {city}.
          How hot is it in {city} in {unit}?
          What's the weather like in {city} in {unit}?
          """, a_weather, "The weather in {city}", "temperature condition"),
    tool("weather", "get_forecast weather_forecast getForecast forecast",
          "Get the weather forecast.|Weather forecast for some days.|Forecast for a city",
          [need("city", "city location", "city", "The city."),
           may("days", "days num_days day_count", "few", "Number of days.|How many days",
                "for {days} days|for the next {days} days|over {days} days")], "the forecast", """
          What is the forecast for {city}?
          Get the forecast for {city}.
          Show me the weather forecast for {city}.
          What will the weather be in {city}?
          What's the forecast in {city}?
          Give me the {city} forecast.
          Forecast for {city}?
          I need a weather forecast for {city}.
          How will the weather be in {city}?
          Will it be sunny in {city}?
          Give me a forecast of the weather in {city}.
          """, a_weather, "The forecast for {city}", "forecast temperature"),
    tool("add", "add add add_numbers add_two_numbers sum my_adder_tool addition calculate_sum adder "
          "AddTool", "Add two numbers.|Adds two integers.|Add a and b.|Takes two integers, a and b, and "
          "returns their sum.|Return the sum of two numbers|Adds a and b.", [_A, _B], "a sum", """
          What is {a} plus {b}?
          What is {a} + {b}?
          What is {a} + {b}
          what's {a}+{b}
          {a} + {b}
          {a} plus {b}?
          Add {a} and {b}.
          Add {a} to {b}.
          Please add {a} and {b}.
          What is the sum of {a} and {b}?
          Sum {a} and {b}.
          Calculate {a} + {b}.
          Compute {a} plus {b}.
          How much is {a} plus {b}?
          How much is {a} + {b}?
          What do {a} and {b} make together?
          Use the tool to add {a} and {b}.
          What do you get when you add {a} and {b}?
          I have {a} apples and buy {b} more. How many do I have?
          Can you add {a} and {b} for me?
          """, lambda s, v: v["a"] + v["b"], "The sum", "result sum"),
    tool("multiply", "multiply multiply mul multiply_numbers product times multiplication",
          "Multiply two numbers.|Multiplies a and b.|Returns the product of two integers.", [_A, _B],
          "a product", """
          What is {a} times {b}?
          What is {a} * {b}?
          What is {a} x {b}?
          Multiply {a} by {b}.
          Multiply {a} and {b}.
          Calculate {a} * {b}.
          How much is {a} times {b}?
          What is the product of {a} and {b}?
          Compute {a} times {b}.
          what's {a} * {b}
          {a} times {b}?
          What is {a} multiplied by {b}?
          Use the tool to multiply {a} by {b}.
          I have {a} boxes with {b} eggs each. How many eggs are there?
          """, lambda s, v: v["a"] * v["b"], "The product", "result product"),
    tool("subtract", "subtract subtract_numbers sub minus difference", "Subtract b from a.|Subtracts "
          "two numbers.|Returns the difference of two numbers.", [_FA, _FB], "a difference", """
          What is {a} minus {b}?
          What is {a} - {b}?
          {a} - {b}
          {a} minus {b}?
          Calculate {a} minus {b}.
          How much is {a} minus {b}?
          Compute {a} - {b}.
          Take {a} minus {b}.
          I had {a} dollars and spent {b}. How much is left?
          What's {a} - {b}?
          """, lambda s, v: whole(v["a"] - v["b"]), "The difference"),
    tool("divide", "divide divide_numbers div quotient", "Divide a by b.|Divides two numbers.|Returns "
          "a divided by b.", [_FA, need("b", "b y divisor second", "few", "The second number.")],
          "a quotient", """
          What is {a} divided by {b}?
          What is {a} / {b}?
          Divide {a} by {b}.
          Calculate {a} / {b}.
          {a} divided by {b}?
          How much is {a} divided by {b}?
          Compute {a} divided by {b}.
          Split {a} dollars among {b} people. How much does each one get?
          what's {a} / {b}
          """, lambda s, v: whole(v["a"] / v["b"]), "The quotient"),
    tool("calculator", "calculator calculate Calculator evaluate eval_expression compute math",
          "Evaluate a mathematical expression.|A calculator.|Useful for math questions.|Calculates the "
          "value of an expression.", [need("sum", "expression expression expr input query formula",
                                            "sum_text", "The expression to evaluate, e.g. 2 + 2|"
                                            "A math expression")], "a calculation", """
          What is {sum}?
          Calculate {sum}.
          Compute {sum}.
          How much is {sum}?
          Evaluate {sum}.
          Work out {sum}.
          {sum}
          {sum} = ?
          what's {sum}
          Use the calculator to compute {sum}.
          Can you calculate {sum}?
          What is the result of {sum}?
          """, lambda s, v: s.number(-50, 9000), "The result", "result value"),
    tool("percent", "percentage calculate_percentage percent_of get_percentage",
          "Calculate a percentage of a number.|Returns the percentage of a number.", [
              need("part", "percent percentage rate", "percent", "The percentage."),
              need("whole", "number value of total", "amount", "The number.")], "a percentage", """
          What is {part}% of {whole}?
          What is {part} percent of {whole}?
          Calculate {part}% of {whole}.
          How much is {part} percent of {whole}?
          {part}% of {whole}
          Give me {part} percent of {whole}.
          what's {part}% of {whole}
          Compute {part} percent of {whole}.
          """, a_percentage, "The percentage"),
    tool("sqrt", "square_root sqrt squareRoot get_square_root", "Square root of a number.|Computes the "
          "square root.", [need("x", "x number n value", "amount", "The number.")], "a square root", """
          What is the square root of {x}?
          Square root of {x}?
          Calculate the square root of {x}.
          Take the square root of {x}.
          Compute sqrt({x}).
          What is sqrt({x})?
          Find the square root of {x}.
          Give me the root of {x}.
          """, lambda s, v: round(math.sqrt(v["x"]), 3), "The square root"),
    tool("fibonacci", "fibonacci fib get_fibonacci nth_fibonacci", "Returns the n-th Fibonacci number.|"
          "Computes a Fibonacci number.", [need("n", "n index number", "few", "The index.")],
          "a Fibonacci number", """
          What is the Fibonacci number {n}?
          Give me Fibonacci number {n}.
          Compute fibonacci({n}).
          What is fib({n})?
          Calculate the Fibonacci number for n = {n}.
          Find Fibonacci number {n}.
          """, lambda s, v: s.number(1, 144), "The Fibonacci number"),
    tool("sum_list", "sum_numbers sum_list add_all total sum", "Sum a list of numbers.|Adds all numbers.|"
          "Returns the total of the numbers.", [need("all", "numbers values items nums", "ints",
                                                      "The numbers to add.|The numbers")], "a sum", """
          What is the sum of {all}?
          Add the numbers {all}.
          Sum up {all}.
          Add up {all}.
          What is the total of {all}?
          Sum these numbers: {all}
          Calculate the sum of {all}.
          Add all of these: {all}.
          How much are {all} together?
          Total of {all}?
          """, lambda s, v: sum(v["all"]), "The sum", "total sum result"),
    tool("average", "average mean get_average compute_mean", "Average of a list of numbers.|Computes "
          "the mean of the numbers.", [need("all", "numbers values data list", "numbers",
                                             "The numbers.")], "an average", """
          What is the average of {all}?
          Compute the mean of {all}.
          Average these numbers: {all}
          Calculate the average of {all}.
          What's the mean of {all}?
          Find the average of {all}.
          Give me the average of {all}.
          """, lambda s, v: round(sum(v["all"]) / len(v["all"]), 2), "The average"),
    tool("convert", "convert_currency currency_converter exchange convertCurrency convert_money",
          "Convert money between currencies.|Converts an amount from one currency to another.", [
              need("amount", "amount value sum", "amount", "The amount.|How much"),
              need("source", "from_currency source from base currency_from", "currency",
                    "The currency to convert from."),
              need("target", "to_currency target to currency_to", "currency",
                    "The currency to convert to.")], "a currency conversion", """
          Convert {amount} {source} to {target}.
          How much is {amount} {source} in {target}?
          What is {amount} {source} in {target}?
          Change {amount} {source} into {target}.
          {amount} {source} to {target}
          {amount} {source} in {target}?
          Exchange {amount} {source} for {target}.
          I have {amount} {source}. How many {target} is that?
          How many {target} do I get for {amount} {source}?
          Turn {amount} {source} into {target}.
          Convert from {source} to {target}: {amount}
          I want to convert {amount} {source} to {target}.
          """, some("amount"), "The amount", "amount result"),
    tool("rate", "get_exchange_rate exchange_rate fx_rate", "Exchange rate between two currencies.|Get the "
          "exchange rate.", [need("source", "base from_currency source", "currency", "The base currency."),
                             need("target", "target to_currency quote", "currency", "The target.")],
          "the exchange rate", """
          What is the exchange rate from {source} to {target}?
          Get the exchange rate of {source} to {target}.
          How many {target} is one {source} worth?
          Exchange rate {source} to {target}?
          Show me the rate from {source} to {target}.
          What's the {source} to {target} rate?
          How does {source} trade against {target}?
          Rate of {source} in {target}?
          """, some("number"), "The exchange rate", "rate"),
    tool("length", "convert_units unit_converter convert convert_length", "Convert between units of length.|"
          "Converts a value to another unit.", [
              need("amount", "value amount number", "amount", "The value."),
              need("source", "from_unit unit_from source_unit", one_of(
                  km="km|kilometers", m="m|meters", miles="miles", feet="feet", inches="inches"), "Unit."),
              need("target", "to_unit unit_to target_unit", one_of(
                  km="km|kilometers", m="m|meters", miles="miles", feet="feet", inches="inches"), "Unit.")],
          "a unit conversion", """
          Convert {amount} {source} to {target}.
          How much is {amount} {source} in {target}?
          What is {amount} {source} in {target}?
          How many {target} are {amount} {source}?
          {amount} {source} in {target}?
          Change {amount} {source} to {target}.
          Express {amount} {source} in {target}.
          """, some("number"), "The length", "value"),
    tool("stock", "get_stock_price stock_price get_quote stockPrice get_stock StockTool", "Get the price of a "
          "stock.|Current stock price by ticker.|Returns a stock quote", [
              need("ticker", "ticker symbol stock", "ticker", "The ticker symbol.|The stock symbol, e.g. AAPL")],
          "a stock price", """
          What is the stock price of {ticker}?
          What is the price of {ticker}?
          How is {ticker} trading?
          Get the stock price for {ticker}.
          {ticker} stock price?
          What's {ticker} at?
          How much is one share of {ticker}?
          Give me a quote for {ticker}.
          Check the {ticker} stock.
          What does a share of {ticker} cost?
          """, some("number"), "The price of {ticker}", "price"),
    tool("dice", "roll_dice roll_die dice throw_dice", "Roll a die.|Rolls a dice.|Throw a die", [
        may("sides", "sides faces num_sides", "count", "How many sides.", "with {sides} sides")], "a roll", """
          Roll a die.
          Roll the dice.
          Throw a die for me.
          Roll a dice for me.
          Throw the dice.
          Can you roll a die?
          I want to roll a die.
          Please throw a die.
          """, lambda s, v: s.number(1, 20), "The roll", "roll result"),
    tool("random", "random_number get_random_number random_int generate_random", "Get a random number.|Random "
          "integer between two numbers.", [
              need("low", "min low start minimum lower", "few", "The lowest number.|Lower bound"),
              need("high", "max high end maximum upper", "high", "The highest number.|Upper bound")],
          "a random number", """
          Give me a random number between {low} and {high}.
          Pick a number from {low} to {high}.
          Random number from {low} to {high}.
          Choose a random number between {low} and {high}.
          I need a random number between {low} and {high}.
          Generate a number between {low} and {high}.
          """, lambda s, v: s.number(1, 60), "The number", "number"),
    tool("coin", "flip_coin coin_flip toss_coin", "Flip a coin.|Tosses a coin.", [], "a coin flip", """
          Flip a coin.
          Toss a coin.
          Heads or tails?
          Flip a coin for me.
          Throw a coin, please.
          Can you toss a coin?
          Let a coin decide.
          I want to flip a coin.
          """, lambda s, v: s.pick(["heads", "tails"]), "The result", "side"),
    tool("word_count", "count_words word_count count_letters text_length", "Count the words of a text.|Counts words.", [
        need("text", "text input string", "phrase", "The text.|The text to count")], "a word count", """
          How many words are in {text}?
          Count the words in {text}.
          Count the words of this text: {text}
          Word count of {text}?
          How many words has {text}?
          How long is this text: {text}
          """, lambda s, v: len(v["text"].split()), "The count", "count words"),
    tool("distance", "get_distance distance calculate_distance route_distance", "Distance between two cities.|Get the "
          "distance between two places.", [
              need("source", "origin from start city_a", "city", "The first place.|From"),
              need("target", "destination to end city_b", "city", "The second place.|To")], "a distance", """
          How far is it from {source} to {target}?
          What is the distance from {source} to {target}?
          Distance between {source} and {target}?
          How far apart are {source} and {target}?
          How many kilometers is it from {source} to {target}?
          What's the distance between {source} and {target}?
          How far is {target} from {source}?
          """, lambda s, v: f"{s.number(20, 9000)} km", "The distance", "distance"),
    tool("population", "get_population population city_population", "Population of a city or country.|Get the "
          "population.", [need("place", "country place location name", "country", "The place.|The country")],
          "the population", """
          What is the population of {place}?
          How many people live in {place}?
          Get the population of {place}.
          How big is the population of {place}?
          Population of {place}?
          How many inhabitants does {place} have?
          """, lambda s, v: s.number(10000, 90000000), "The population of {place}", "population"),
]
