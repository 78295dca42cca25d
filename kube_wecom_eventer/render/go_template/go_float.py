"""strconv.FormatFloat, and what ``fmt``'s ``#`` flag adds to it.

https://pkg.go.dev/strconv#FormatFloat
"""

from __future__ import annotations

import math


def format_float(value: float, verb: str, precision: int | None, *, sharp: bool = False) -> str:
    """A float under a verb of fmt; ``precision`` None is the shortest text that reads back the same."""
    if not math.isfinite(value):
        return {math.inf: "Inf", -math.inf: "-Inf"}.get(value, "NaN")
    lower = verb.lower()
    if lower == "b":
        return _binary(value)
    if lower == "x":
        text = _hexadecimal(value, precision)
    elif lower == "f":
        text = f"{value:.{precision}f}" if precision is not None else _positional(value)
    elif lower == "e":
        text = f"{value:.{precision}e}" if precision is not None else _exponential(value)
    else:
        text = f"{value:.{precision or 1}g}" if precision is not None else _shortest(value)
    if sharp:
        text = _with_point(text, lower, precision)
    return text.upper() if verb.isupper() else text


def _digits(value: float) -> tuple[str, str, int]:
    """Sign, shortest digits and the place of the decimal point from their left."""
    mantissa, _, exponent = repr(value).partition("e")
    sign = "-" if mantissa.startswith("-") else ""
    whole, _, fraction = mantissa.lstrip("-").partition(".")
    digits = whole + fraction
    point = len(whole) + int(exponent or 0)
    stripped = digits.lstrip("0")
    point -= len(digits) - len(stripped)
    stripped = stripped.rstrip("0")
    return (sign, stripped, point) if stripped else (sign, "0", 1)


def _positional(value: float) -> str:
    sign, digits, point = _digits(value)
    if point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    digits = digits.ljust(point, "0")
    return sign + digits[:point] + ("." + digits[point:] if digits[point:] else "")


def _exponential(value: float) -> str:
    sign, digits, point = _digits(value)
    exponent = point - 1 if value else 0
    fraction = "." + digits[1:] if digits[1:] else ""
    return f"{sign}{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"


def _shortest(value: float) -> str:
    """%g without a precision: an exponent is used below -4 and from 6 on."""
    exponent = _digits(value)[2] - 1
    return _exponential(value) if exponent < -4 or exponent >= 6 else _positional(value)


def _binary(value: float) -> str:
    sign = "-" if math.copysign(1, value) < 0 else ""
    fraction, exponent = math.frexp(abs(value))
    if value == 0 or exponent < -1021:
        exponent = -1021
        fraction = abs(value) / 2.0**-1021 if value else 0.0
    shift = exponent - 53
    return f"{sign}{int(fraction * 2**53)}p{shift:+d}"


def _hexadecimal(value: float, precision: int | None) -> str:
    """%x: always one digit before the point; the exponent has two digits at least."""
    sign = "-" if math.copysign(1, value) < 0 else ""
    if value == 0:
        zeros = "." + "0" * precision if precision else ""
        return f"{sign}0x0{zeros}p+00"
    fraction, exponent = math.frexp(abs(value))
    mantissa, exponent = int(fraction * 2**53), exponent - 1
    if precision is not None and precision < 13:
        shift = 52 - 4 * precision
        half, rest = 1 << (shift - 1), mantissa & ((1 << shift) - 1)
        mantissa >>= shift
        mantissa += rest > half or (rest == half and mantissa & 1)
        if mantissa >> (4 * precision + 1):
            mantissa, exponent = mantissa >> 1, exponent + 1
        digits = f"{mantissa:x}"
    else:
        digits = f"{mantissa:x}".ljust((precision or 0) + 1, "0")
    tail = digits[1:].rstrip("0") if precision is None else digits[1:]
    return f"{sign}0x{digits[0]}{'.' + tail if tail else ''}p{'-' if exponent < 0 else '+'}{abs(exponent):02}"


def _with_point(text: str, verb: str, precision: int | None) -> str:
    """``#``: always a decimal point, and for %g and %x as many digits as the precision says."""
    tail_marks = "p" if verb == "x" else "e"
    body, mark, tail = text.partition(tail_marks)
    sign = "-" if body.startswith("-") else ""
    body = body.removeprefix("-")
    wanted = 0
    if verb in "gx":
        wanted = 6 if precision is None else precision
        significant = body.replace(".", "").lstrip("0")  # Go counts the x of 0x too
        wanted -= len(significant)
        if body == "0":
            wanted -= 1
    if "." not in body:
        body += "."
    return f"{sign}{body}{'0' * max(wanted, 0)}{mark}{tail}"
