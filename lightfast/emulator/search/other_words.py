"""Other words for the same: how somebody asks, and how it is written.

"Why was it given up?" is answered by "Drop …", and "it hangs" by a page about blocking. A word of the question that is rare
in the index is, where it is missing, made up for by another of its group. The groups are common knowledge of English and of
programming, in British and American spelling; they know nothing of any project.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import attrs

from lightfast.emulator.search.question import SCANNED
from lightfast.emulator.search.text import stem, stems_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RARE", "Alternative", "alternatives"]

RARE = 0.01  # share of the passages; a word in more of them is the project's own

_GROUPS = """
abandon discontinue drop remove, abbreviation shorthand shortcut alias,
abort cancel interrupt terminate, accelerate speed faster performance, accent diacritic unicode,
accident unintended mistake, adopt introduce migrate, ancestor parent, anonymous unauthenticated,
answer reply response, appearance style theme, approximate estimate, archive tarball zip,
arrange order sort, ask prompt request query, assemble compose build, attach append add,
avoid prevent skip, bill invoice payment, blank empty whitespace, blow explode grow, bloat grow memory,
book guide manual, boot start startup launch, border margin edge, boundary limit bound range,
break corrupt broken, brackets parentheses braces, bulk batch, bundle vendor ship include,
burst buffer flush, cancel abort revoke, capital uppercase, chain sequence pipeline, character letter,
child nested sub, choose select pick, chunk block part, clash conflict collision, clean cleanup purge,
clickable hyperlink link, clone copy duplicate, close shutdown, colleague team,
collide conflict collision, combine merge join concatenate, company organization corporate,
complain warn error, compress gzip zip shrink minify, concurrent parallel simultaneous,
constant fixed immutable, counterfeit forge spoof, crash panic abort segfault exception,
customer user client, damage corrupt broken, day date, decode undo unpack decompress,
delay wait sleep backoff, delete remove drop, deny reject refuse forbid disallow,
deploy release publish, desktop gui window, dictionary mapping map, dig lookup search, directory folder,
disable off skip, disappear vanish lost missing, discard drop ignore, disk file filesystem storage,
divide split partition, double twice duplicate, draw render display, duplicate repeat identical,
edit change modify, email mail smtp, embed include inline, emit send output,
enlarge grow expand increase, enough sufficient limit, erase delete clear remove,
estimate calculate compute, everyday common usual, examine inspect check, exceed limit maximum,
exit quit terminate, explain describe document, expire timeout ttl stale, export save dump,
extend plugin extension subclass, extra additional optional, fake mock stub,
fast quick speed performance, favourite preferred default, field attribute property,
finish complete done end, forbid disallow deny prevent, forget lose discard, forge spoof csrf,
forward redirect proxy, fresh unmodified cache stale, glue join concatenate, goodbye farewell remove,
graceful shutdown, grow increase expand leak, guard protect secure, guess suggest infer detect,
hang stuck freeze block deadlock stall, hidden invisible private ignore, hide suppress mask omit,
huge big large, humongous huge large, identical same equal, imitate mock simulate,
indent indentation whitespace, inner nested, install setup, interrupt cancel abort signal,
invent generate, jump skip, keyboard key shortcut, kill terminate stop signal,
language locale translation, laptop computer machine local, late delay slow, launch start run,
leak memory growth, license licence, limit maximum restrict throttle, locked lock deadlock,
lookahead lookaround, lookbehind lookaround, loop cycle recursion infinite, lose lost drop missing,
machine host server computer, mangle corrupt escape, mask hide redact, meant suggest intended,
measure metric benchmark, mirror copy replicate, misspell typo spelling suggest,
mistake typo error wrong, mutate modify change, nag warn prompt, negate invert exclude,
newest latest recent, nightly cron schedule periodic, noisy verbose quiet, notify alert event callback,
nuke remove delete, obey respect honor, odd strange unexpected, oldest earliest first,
omit skip exclude, outdated deprecate obsolete stale, outside external,
parallel concurrent multiprocess, pause suspend sleep stop, people user visitor, permit allow enable,
photo picture image, pile accumulate queue, piece chunk part, plug plugin extension,
polite delay throttle, populate fill, press hit type key, pretty format indent,
prevent avoid protect mitigate, private internal hidden secret, prohibit forbid disallow,
promise guarantee future, prove verify validate, purge clear remove, quit exit stop, quote escape,
random arbitrary, recognise detect identify, redo retry again, refuse reject deny invalid,
remember cache store persist, repair fix, repeat retry duplicate loop, replay record,
rescue recover fallback, resume continue restart, revert undo rollback, ring circular buffer,
rush rate limit, salt hash, sandbox isolate, schedule periodic cron timer, scrape crawl extract,
screen terminal display console, secret password credential token, secure safe protect encrypt,
separate split own, shape form layout, share reuse common, shorten truncate abbreviate,
shrink compress minify reduce, shut close, silent quiet suppress, simulate mock fake, site website page,
skip ignore exclude, slow performance speed, sniff detect guess, speak protocol support, spill overflow,
spoil break corrupt, spoof forge fake, spread split distribute, stale outdated cache, steal hijack,
subscribe listen, substitute replace, succeed success ok, suppress silence ignore hide,
swallow ignore suppress, swap exchange replace, table column grid, tamper sign signature,
tear teardown cleanup, terminal console tty, throttle rate limit delay, tidy format cleanup,
tiny small short, trace traceback stack, trap catch handle, truncate shorten cut,
twice duplicate repeat, type annotation, unclosed leak resource, unpack extract decompress,
untouched unchanged ignore skip, unwanted unexpected disable, upload multipart, usual default common,
validate verify check, variable env, virtual simulated, visible public show, visitor user client,
vulnerability security hole cve, wait sleep delay timeout block, wake notify, wander walk traverse,
watch monitor reload, weird strange unexpected, whole entire full, wipe clear erase,
workaround fallback, worker process thread, wrong incorrect invalid, zip archive compress,
admin administrator, analyse analyze, app application, arg argument, async asynchronous asyncio,
auth authentication authorization, behaviour behavior, cancelled canceled, catalogue catalog,
centre center, cert certificate, colour color, colourful color colored, config configuration,
creds credentials, customise customize, db database, dev development, dir directory, docs documentation,
env environment, err error, exec execute, favourite favorite, grey gray, honour honor, info information,
init initialize, initialise initialize, js javascript, lib library, max maximum, min minimum,
msg message, neighbour neighbor, normalise normalize, num number, optimise optimize, organise organize,
param parameter, perf performance, prod production, py python, recognise recognize,
regex regexp pattern, repo repository, serialise serialize, spec specification, sync synchronous,
synchronise synchronize, temp temporary, ts typescript
"""
_PHRASES = {
    r"\b(?:log|logged|logging|sign|signed) ?in\b": "login authentication",
    r"\b(?:turn|switch)(?:ed|ing|s)?(?: \w{1,40})? off\b|\bg[eo]t rid of\b": "disable",
    r"\b(?:turn|switch)(?:ed|ing|s)?(?: \w{1,40})? on\b": "enable",
    r"\b(?:go|carry) on\b": "resume continue",
    r"\b(?:by itself|on (?:its|their) own)\b": "automatic",
    r"\bat (?:the same time|once)\b": "concurrent parallel",
    r"\b(?:more than|at most|too (?:many|much|big|large|long))\b": "limit maximum",
    r"\bmore and more\b": "leak grow",
    r"\bin the background\b": "daemon",
}


@attrs.frozen
class Alternative:
    """Words that make up for one of a question's.

    Args:
        stem: The stem of the question's word; empty for a phrase, of which the words may be there and mean nothing.
        share: How much of the question the word is, from 0 to 1.
        others: The stems of the words that make up for it.
    """

    stem: str
    share: float
    others: frozenset[str]


def alternatives(query: str, rare: Mapping[str, float], words: int) -> list[Alternative]:
    """Return what makes up for words of a question.

    Args:
        query: The question.
        rare: Its words that are rare in the index, and what share of it each is.
        words: The number of its words.
    """
    found = [
        Alternative(stem(word), share, others)
        for word, share in rare.items()
        if (others := _OTHERS.get(stem(word)))
    ]
    said = query[:SCANNED].lower()
    meant = (others for pattern, others in _PHRASES.items() if re.search(pattern, said))
    return found + [
        Alternative("", 1 / max(words, 1), frozenset(stems_of(others))) for others in meant
    ]


def _others() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for words in _GROUPS.replace("\n", " ").split(","):
        group = frozenset(stems_of(words))
        for word in group:
            found[word] = found.get(word, frozenset()) | (group - {word})
    return found


_OTHERS = _others()
