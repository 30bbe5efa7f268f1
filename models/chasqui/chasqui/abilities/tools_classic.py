"""The tools that people show tool calling with: the weather, a calculator, search, e-mail, lights."""

from .tools_classic_data import DATA
from .tools_classic_home import HOME
from .tools_classic_numbers import NUMBERS

CLASSIC = NUMBERS + HOME + DATA
