"""From tokens to the tree, with text/template's grammar and its errors.

An error carries the line that Go names: that of the furthest token looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from kube_wecom_eventer.errors import TemplateError
from kube_wecom_eventer.render.source_text import SourceText

from . import literals, nodes
from .lexer import Kind, Token, tokenize

_OPERANDS = {
    Kind.BOOL,
    Kind.RUNE,
    Kind.COMPLEX,
    Kind.DOT,
    Kind.FIELD,
    Kind.IDENTIFIER,
    Kind.NUMBER,
    Kind.NIL,
    Kind.STRING,
    Kind.VARIABLE,
    Kind.OPEN,
}
_NUMBERS = {
    Kind.RUNE: literals.rune_constant,
    Kind.COMPLEX: literals.complex_constant,
    Kind.NUMBER: literals.number_constant,
}
_VALUES = (nodes.Bool, nodes.Dot, nodes.Nil, nodes.Number, nodes.String)
_SOURCE_SHOWN = 40


def parse(source: str, *, functions: frozenset[str], depth: int) -> tuple[nodes.Body, Mapping[str, nodes.Body]]:
    """The main template of ``source``, and those that it defines by their names.

    ``depth`` bounds the nesting of parentheses and control structures together.
    Raises TemplateError.
    """
    return _Parser(source, functions=functions, depth=depth).run()


class _Parser:
    def __init__(self, source: str, *, functions: frozenset[str], depth: int) -> None:
        self.source = source
        self.functions = functions
        self.depth = depth
        self.tokens = tokenize(source)
        self.index = 0
        self.furthest = 0
        self.variables = ["$"]
        self.ranges = 0
        self.templates: dict[str, nodes.Body] = {}

    def run(self) -> tuple[nodes.Body, dict[str, nodes.Body]]:
        body: list[nodes.Statement] = []
        while self.peek().kind is not Kind.EOF:
            if self.peek().kind is Kind.LEFT and self._definition():
                continue
            statement = self._statement()
            if isinstance(statement, Token):
                self.fail(f"unexpected {{{{{statement.text}}}}}")
            body.append(statement)
        return tuple(body), self.templates

    def fail(self, message: str) -> NoReturn:
        token = self.tokens[self.furthest]
        raise TemplateError(message, line=token.line, column=self.column(token))

    def unexpected(self, token: Token, context: str) -> NoReturn:
        if token.kind is Kind.ERROR:
            self.fail(token.text)
        shown = "EOF" if token.kind is Kind.EOF else repr(token.text)
        self.fail(f"unexpected {shown} in {context}")

    # Tokens

    def peek(self) -> Token:
        self.furthest = max(self.furthest, self.index)
        return self.tokens[self.index]

    def next(self) -> Token:
        token = self.peek()
        self.index = min(self.index + 1, len(self.tokens) - 1)
        return token

    def peek_word(self) -> Token:
        """The next token that is no space; the space is taken."""
        while self.peek().kind is Kind.SPACE:
            self.index += 1
        return self.peek()

    def next_word(self) -> Token:
        self.peek_word()
        return self.next()

    def expect(self, kind: Kind, context: str) -> Token:
        token = self.next_word()
        if token.kind is not kind:
            self.unexpected(token, context)
        return token

    def column(self, token: Token) -> int:
        """The token's column, from 1."""
        return token.start - self.source.rfind("\n", 0, token.start)

    def place(self, left: Token) -> nodes.Place:
        """The place of the action whose left delimiter is given, shown on one line."""
        end = self.source.find("}}", left.start) + 2
        shown = " ".join(self.source[left.start : end].split())
        if len(shown) > _SOURCE_SHOWN:
            shown = shown[: _SOURCE_SHOWN - 3] + "..."
        return nodes.Place(left.line, self.column(left), shown)

    # Statements

    def _definition(self) -> bool:
        """Reads ``{{define}}`` if it is one."""
        start = self.index
        self.next()
        if self.next_word().kind is not Kind.DEFINE:
            self.index = start
            return False
        context = "define clause"
        name = self._template_name(self.next_word(), context)
        self.expect(Kind.RIGHT, context)
        self._define(name, self._separate_body(context))
        return True

    def _separate_body(self, context: str) -> nodes.Body:
        """The body of a definition: it sees no variable and no loop of what surrounds it."""
        variables, ranges = self.variables, self.ranges
        self.variables, self.ranges = ["$"], 0
        body, end = self._body()
        if end.kind is not Kind.END:
            self.fail(f"unexpected {{{{{end.text}}}}} in {context}")
        self.variables, self.ranges = variables, ranges
        return body

    def _define(self, name: str, body: nodes.Body) -> None:
        known = self.templates.get(name)
        if known is None or nodes.is_blank(known):
            self.templates[name] = body
        elif not nodes.is_blank(body):
            self.fail(f'multiple definition of template "{name}"')

    def _body(self) -> tuple[nodes.Body, Token]:
        """Statements up to ``end`` or ``else``, which is returned with them."""
        self._descend()
        statements: list[nodes.Statement] = []
        while self.peek_word().kind is not Kind.EOF:
            statement = self._statement()
            if isinstance(statement, Token):
                self.depth += 1
                return tuple(statements), statement
            statements.append(statement)
        return self.fail("unexpected EOF")

    def _descend(self) -> None:
        if self.depth <= 0:
            self.fail("max expression depth exceeded")
        self.depth -= 1

    def _statement(self) -> nodes.Statement | Token:
        """One statement; the token of ``end`` or ``else`` is returned as it is."""
        token = self.next_word()
        if token.kind is Kind.TEXT:
            return nodes.Text(SourceText.of(token.text, start=token.start))
        if token.kind is not Kind.LEFT:
            self.unexpected(token, "input")
        return self._action(token)

    def _action(self, left: Token) -> nodes.Statement | Token:
        token = self.peek_word()
        place = self.place(left)
        if token.kind in (Kind.IF, Kind.WITH, Kind.RANGE):
            self.next()
            return self._control(token, place)
        if token.kind in (Kind.TEMPLATE, Kind.BLOCK):
            self.next()
            return self._call(place) if token.kind is Kind.TEMPLATE else self._block(place)
        if token.kind in (Kind.BREAK, Kind.CONTINUE):
            self.next()
            return self._loop_control(token)
        if token.kind in (Kind.ELSE, Kind.END):
            self.next()
            if token.kind is Kind.END or self.peek_word().kind not in (Kind.IF, Kind.WITH):
                self.expect(Kind.RIGHT, token.text)
            return token
        return nodes.Action(place, self._pipeline("command", Kind.RIGHT))

    def _loop_control(self, token: Token) -> nodes.Statement:
        following = self.next_word()
        if following.kind is not Kind.RIGHT:
            self.unexpected(following, f"{{{{{token.text}}}}}")
        if self.ranges == 0:
            self.fail(f"{{{{{token.text}}}}} outside {{{{range}}}}")
        return nodes.Break() if token.kind is Kind.BREAK else nodes.Continue()

    def _control(self, keyword: Token, place: nodes.Place) -> nodes.Statement:
        known = len(self.variables)
        loops = keyword.kind is Kind.RANGE
        pipe = self._pipeline(keyword.text, Kind.RIGHT)
        self.ranges += loops
        body, end = self._body()
        self.ranges -= loops
        otherwise = self._otherwise(keyword, place) if end.kind is Kind.ELSE else None
        del self.variables[known:]
        if loops:
            return nodes.Range(place, pipe, body, otherwise)
        return nodes.If(place, pipe, body, otherwise, rebinds_dot=keyword.kind is Kind.WITH)

    def _otherwise(self, keyword: Token, place: nodes.Place) -> nodes.Body:
        """What follows ``else``; ``else if`` and ``else with`` are a statement in it and share its end."""
        if keyword.kind is not Kind.RANGE and self.peek().kind is keyword.kind:
            self.next()
            self._descend()
            nested = self._control(keyword, place)
            self.depth += 1
            return (nested,)
        body, end = self._body()
        if end.kind is not Kind.END:
            self.fail(f"expected end; found {{{{{end.text}}}}}")
        return body

    def _call(self, place: nodes.Place) -> nodes.Statement:
        context = "template clause"
        name = self._template_name(self.next_word(), context)
        pipe = None
        if self.peek_word().kind is Kind.RIGHT:
            self.next()
        else:
            pipe = self._pipeline(context, Kind.RIGHT)
        return nodes.Call(place, name, pipe)

    def _block(self, place: nodes.Place) -> nodes.Statement:
        context = "block clause"
        name = self._template_name(self.next_word(), context)
        pipe = self._pipeline(context, Kind.RIGHT)
        self._define(name, self._separate_body(context))
        return nodes.Call(place, name, pipe)

    def _template_name(self, token: Token, context: str) -> str:
        if token.kind is not Kind.STRING:
            self.unexpected(token, context)
        return self._unquote(token)

    # Pipelines

    def _pipeline(self, context: str, end: Kind) -> nodes.Pipe:
        variables, is_assign = self._declarations(context)
        commands: list[nodes.Command] = []
        while True:
            token = self.peek_word()
            if token.kind is end:
                self.next()
                break
            if token.kind not in _OPERANDS:
                self.next()
                self.unexpected(token, context)
            commands.append(self._command())
        if not commands:
            self.fail(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], start=2):
            if isinstance(command.first, _VALUES):
                self.fail(f"non executable command in pipeline stage {stage}")
        return nodes.Pipe(tuple(commands), tuple(variables), is_assign)

    def _declarations(self, context: str) -> tuple[list[str], bool]:
        """``$x :=``, ``$x =`` or, in ``range``, ``$i, $v :=``; nothing is taken if it is none."""
        names: list[str] = []
        while (variable := self.peek_word()).kind is Kind.VARIABLE:
            start = self.index
            self.next()
            following = self.peek_word()
            if following.kind in (Kind.ASSIGN, Kind.DECLARE):
                self.next()
                names.append(variable.text)
                self.variables.append(variable.text)
                return names, following.kind is Kind.ASSIGN
            if following.text != "," or following.kind is not Kind.CHAR:
                self.index = start
                return names, False
            self.next()
            names.append(variable.text)
            self.variables.append(variable.text)
            if context != "range" or len(names) > 1:
                self.fail(f"too many declarations in {context}")
            if self.peek_word().kind not in (Kind.VARIABLE, Kind.RIGHT, Kind.CLOSE):
                self.fail("range can only initialize variables")
        return names, False

    def _command(self) -> nodes.Command:
        operands: list[nodes.Operand] = []
        while True:
            self.peek_word()
            operand = self._operand()
            if operand is not None:
                operands.append(operand)
            token = self.peek()
            if token.kind in (Kind.RIGHT, Kind.CLOSE):
                break
            self.next()
            if token.kind is Kind.PIPE:
                break
            if token.kind is not Kind.SPACE:
                self.unexpected(token, "operand")
        if not operands:
            self.fail("empty command")
        return nodes.Command(operands[0], tuple(operands[1:]))

    def _operand(self) -> nodes.Operand | None:
        """A term and the fields that are asked of it."""
        term = self._term()
        if term is None or self.peek().kind is not Kind.FIELD:
            return term
        names: list[str] = []
        while self.peek().kind is Kind.FIELD:
            names.append(self.next().text[1:])
        if isinstance(term, _VALUES):
            self.fail("unexpected . after term")
        if isinstance(term, nodes.Field):
            return nodes.Field((*term.names, *names))
        if isinstance(term, nodes.Variable):
            return nodes.Variable(term.name, (*term.fields, *names))
        return nodes.Chain(term, tuple(names))

    def _term(self) -> nodes.Operand | None:
        token = self.peek_word()
        if token.kind not in _OPERANDS:
            return None
        self.next()
        if token.kind is Kind.OPEN:
            self._descend()
            pipe = self._pipeline("parenthesized pipeline", Kind.CLOSE)
            self.depth += 1
            return pipe
        if token.kind in _NUMBERS:
            return self._number(token)
        return self._simple_term(token)

    def _simple_term(self, token: Token) -> nodes.Operand:
        if token.kind is Kind.IDENTIFIER:
            if token.text not in self.functions:
                self.fail(f'function "{token.text}" not defined')
            return nodes.Function(token.text)
        if token.kind is Kind.VARIABLE:
            if token.text not in self.variables:
                self.fail(f'undefined variable "{token.text}"')
            return nodes.Variable(token.text, ())
        if token.kind is Kind.FIELD:
            return nodes.Field((token.text[1:],))
        if token.kind is Kind.STRING:
            return nodes.String(self._unquote(token))
        if token.kind is Kind.BOOL:
            return nodes.Bool(token.text == "true")
        return nodes.Dot() if token.kind is Kind.DOT else nodes.Nil()

    def _number(self, token: Token) -> nodes.Number:
        try:
            return _NUMBERS[token.kind](token.text)
        except ValueError as error:
            self.fail(str(error))

    def _unquote(self, token: Token) -> str:
        try:
            return literals.unquote(token.text)
        except ValueError as error:
            self.fail(str(error))
