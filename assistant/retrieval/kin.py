"""Words that ask for and tell of the same thing: who "headed" a team is told by "led".

A small thesaurus of what questions are commonly worded with. It only widens what counts as said: which word a source
uses stays to be seen in its quotation. What is not here: names and numbers, for which nothing else will do.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from assistant.store.keywords import stem

# A word may stand in several lines: "run" leads and lasts.
_GROUPS = """
    head headed lead led leading leader chair chaired run ran running direct directed preside presided
    begin began begun beginning start started launch launched open opened outset
    end ended ending finish finished conclude concluded stop stopped cease ceased halt halted suspend suspended
    collapse collapsed fail failed failure fell break broke broken failing
    create created creation establish established establishment found founded form formed set
    submit submitted file filed table tabled present presented introduce introduced propose proposed proposal idea
    sponsor sponsored sponsors co-sponsored co-sponsors cosponsor cosponsors
    refuse refused refusal reject rejected rejection decline declined turn turned
    agree agreed agreement accept accepted consent consented
    call called name named term termed label labelled describe described hail hailed style
    say said tell told state stated declare declared announce announced announcement public publish published
    answer answered reply replied respond responded response reaction reacted
    ask asked request requested demand demanded urge urged
    think thought believe believed view viewed opinion regard regarded consider considered attitude
    want wanted wish wished seek sought aim aimed goal objective purpose intend intended
    task tasks job jobs duty duties role
    reason reasons cause caused causes because why motive
    way means method manner
    leave left withdraw withdrew withdrawn withdrawal quit exit
    join joined enter entered accede acceded member members membership belong belonged
    expel expelled oust ousted thrown throw threw
    arrest arrested detain detained detention catch caught
    attack attacked attacks strike struck hit assault assaulted
    kill killed murder murdered slay slain
    die died death dead
    bear born birth
    marry married wife husband spouse
    buy bought purchase purchased acquire acquired
    make made build built construct constructed produce produced
    write wrote written author authored
    win won victory beat defeat defeated
    get receive received obtain obtained gain gained
    help helped assist assisted assistance aid aided support supported
    allow allowed permit permitted
    forbid forbidden ban banned prohibit prohibited
    meet met meeting session gather gathered gathering convene convened summit
    talk talks negotiate negotiated negotiation negotiations consultation consultations dialogue discuss discussed
    contact contacts channel channels line lines link links communicate communication
    delegation team group side
    treaty convention accord pact agreement
    document text paper
    forum forums body bodies
    rival rivals competitor competitors opponent opponents adversary
    country countries state states nation nations
    company companies firm firms corporation business businesses
    city town
    film movie
    big large great huge
    new additional further extra more
    difference differ differs differed different differently
    obstacle obstacles barrier barriers hurdle hurdles difficulty difficulties
    result results outcome outcomes achieve achieved achievement effect
    warn warned warning threat threaten threatened danger
    expect expected forecast predict predicted
    last lasted lasting duration
    live lived reside resided residence home
    work worked employ employed
    send sent dispatch dispatched
    show showed shown demonstrate demonstrated
    возглавить возглавил возглавляла руководить руководил руководила глава вести вел
    начать начал начались начало стартовать
    закончить закончил закончились окончание прекратить прекратил прекращение завершить
    создать создал создана создание учредить учредил основать основал
    отказать отказались отказ отвергнуть отверг отклонить отклонил
    подписать подписал подписали заключить заключил заключили
    собраться собралась встреча встретились заседание заседала
    предложить предложил предложение выдвинуть
    назвать назвал называть именовать
"""


@cache
def _groups() -> dict[str, frozenset[str]]:
    kin: dict[str, set[str]] = {}
    for line in _GROUPS.strip().splitlines():
        group = {stem(word) for word in line.split()}
        for word in group:
            kin.setdefault(word, set()).update(group)
    return {word: frozenset(group) for word, group in kin.items()}


def with_kin(words: Iterable[str]) -> set[str]:
    """Stems with those of the words that say the same."""
    said, groups = set(words), _groups()
    for word in tuple(said):
        said |= groups.get(word, frozenset())
    return said
