"""fieldSelector and labelSelector: from their text to a question about one object.

Owns the two grammars. Which fields a resource can be selected by is in resources.py.
Grammar: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from kube_wecom_eventer.demo.status import JsonObject, StatusError, bad_request

Predicate = Callable[[JsonObject], bool]
FieldOf = Callable[[JsonObject], str]

_FIELD_TERM = re.compile(r"(?P<field>[^=!]+?)\s*(?P<operator>==|!=|=)(?P<value>.*)", re.DOTALL)
_LABEL = r"[A-Za-z0-9][-A-Za-z0-9_./]*"
_LABEL_EXISTS = re.compile(rf"(?P<absent>!?)\s*(?P<label>{_LABEL})")
_LABEL_EQUALS = re.compile(rf"(?P<label>{_LABEL})\s*(?P<operator>==|!=|=)\s*(?P<value>[-A-Za-z0-9_.]*)")
_LABEL_IN = re.compile(rf"(?P<label>{_LABEL})\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)")


def matches_all(_: JsonObject) -> bool:
    """The predicate of an empty selector."""
    return True


def field_selector(text: str, fields: Mapping[str, FieldOf], unsupported: Callable[[str], StatusError]) -> Predicate:
    """Parse ``a=b,c!=d``; StatusError 400 for a bad term, that of ``unsupported`` for an unknown field."""
    terms = [_field_term(term, text, fields, unsupported) for term in re.split(r"(?<!\\),", text) if term]
    return _all_of(terms)


def _field_term(
    term: str, text: str, fields: Mapping[str, FieldOf], unsupported: Callable[[str], StatusError]
) -> Predicate:
    match = _FIELD_TERM.fullmatch(term)
    if match is None:
        raise bad_request(f"invalid selector: '{text}'; can't understand '{term}'")
    name, value = match["field"], re.sub(r"\\(.)", r"\1", match["value"])
    if name not in fields:
        raise unsupported(name)
    field, wanted = fields[name], match["operator"] != "!="
    return lambda subject: (field(subject) == value) is wanted


def label_selector(text: str) -> Predicate:
    """Parse ``a=b,c!=d,e,!f,g in (h,i),j notin (k)``; StatusError 400 for a bad term."""
    return _all_of([_label_term(term.strip()) for term in re.split(r",(?![^()]*\))", text) if term.strip()])


def _label_term(term: str) -> Predicate:
    if match := _LABEL_EQUALS.fullmatch(term):
        return _label_among(match["label"], {match["value"]}, wanted=match["operator"] != "!=")
    if match := _LABEL_IN.fullmatch(term):
        values = {value.strip() for value in match["values"].split(",")}
        return _label_among(match["label"], values, wanted=match["operator"] == "in")
    if match := _LABEL_EXISTS.fullmatch(term):
        label, wanted = match["label"], not match["absent"]
        return lambda subject: (label in _labels(subject)) is wanted
    raise bad_request(f"unable to parse requirement: {term!r}")


def _label_among(label: str, values: set[str], *, wanted: bool) -> Predicate:
    # A label that is not there is not equal, and not in: `!=` and `notin` select the object.
    return lambda subject: (_labels(subject).get(label) in values) is wanted


def _labels(subject: JsonObject) -> Mapping[str, str]:
    return subject["metadata"].get("labels") or {}


def _all_of(terms: list[Predicate]) -> Predicate:
    return (lambda subject: all(term(subject) for term in terms)) if terms else matches_all
