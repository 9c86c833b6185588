"""Words that ask for and tell of the same thing: who "headed" a team is told by "led".

A small thesaurus of what questions are commonly worded with. It only widens what counts as said: which word a source
uses stays to be seen in its quotation. What is not here: names and numbers, for which nothing else will do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from functools import cache, lru_cache

from assistant.store.keywords import stem, stems

_CYRILLIC = re.compile(r"[а-яё]", re.IGNORECASE)
_ROOT = 5  # letters at least that two words of one root share, and
_ENDING = 3  # at most so many that follow them
_AND_MORE = "*"
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
        stress stressed explain explained remark remarked note noted add added comment commented
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
    возглавить возглавил возглавлять возглавляет возглавляла руководить руководил руководит глава
        руководитель руководство вести вел вела ведет председатель председательствовал директор начальник
    начать начал начали начались начало начинать начинается стартовать открыть открыл открылся запустить запустил
    закончить закончил закончились окончание кончиться прекратить прекратил прекращение завершить завершил
        завершился конец остановить остановил приостановить приостановил
    рухнуть рухнули провал провалиться провалился распасться распался распалась сорваться сорвались неудача крах
    создать создал создана создание создавать учредить учредил учрежден основать основал основан образовать образован
        сформировать сформирован появиться появился возникнуть возник
    отказать отказался отказались отказ отвергнуть отверг отклонить отклонил отвергли
    согласиться согласился согласие принять принял приняли одобрить одобрил
    подписать подписал подписали подписание заключить заключил заключили
    собраться собралась собрание встреча встретились встретиться заседание заседала переговоры беседа саммит
    предложить предложил предложение предложена выдвинуть выдвинул внести внес
    назвать назвал назван называть называется именовать именуется известен известный известно термин обозначать
        обозначается название имя
    сказать сказал заявить заявил заявление говорить говорил сообщить сообщил объявить объявил утверждать утверждает
    ответить ответил ответ отреагировать реакция
    просить просил просьба требовать потребовал требование призвать призвал призыв
    думать думал считать считал считает полагать полагал мнение взгляд отношение
    хотеть хотел желать стремиться стремился намерен намерение цель задача
    причина причины почему потому вызвать вызвал вызвано привести привел следствие из-за
    способ метод образ средство путь
    уйти ушел покинуть покинул выйти вышел выход оставить
    вступить вступил присоединиться присоединился войти вошел член участник участвовать участие
    нападение напасть напал атака атаковать атаковал удар
    убить убил убийство умереть умер смерть погибнуть погиб скончался гибель
    родиться родился рождение
    жениться женился жена муж супруг супруга брак
    купить купил покупка приобрести приобрел
    строить построить построил построен постройка сооружение строительство возвести возведен
    написать написал автор писать сочинение
    победить победил победа выиграть выиграл одержать
    получить получил получать приобрести
    помочь помог помощь содействие поддержать поддержал поддержка поддерживать
    разрешить разрешил разрешение позволить позволил позволять
    запретить запретил запрет запрещен
    договор соглашение пакт конвенция
    страна государство держава
    компания фирма корпорация предприятие
    препятствие барьер трудность помеха
    результат итог последствие
    предупредить предупредил предупреждение угроза угрожать опасность
    жить жил проживать проживает житель население обитать
    работать работал работа должность занимать
    отправить отправил послать послал направить направил
    показать показал продемонстрировать
    состоять состоит входить включать включает содержать содержит составлять составляет
    находиться находится расположен расположена располагаться стоять
    применять применяется применение использовать использует использование употреблять
    отвечать ответственный ответственность
    важный главный основной ключевой
    большой крупный огромный великий
    большинство большая
    термин понятие
    длиться длился продолжаться продолжался длительность продолжительность
    увеличить увеличил рост расти вырасти повыситься возрасти
    уменьшить уменьшил сократить сокращение снизиться снижение упасть падение
    назначить назначил назначен
    изобрести изобрел изобретение открытие обнаружить обнаружил обнаружен найти нашел найден
"""


@cache
def _groups() -> dict[str, frozenset[str]]:
    kin: dict[str, set[str]] = {}
    for line in re.sub(r"\n {8,}", " ", _GROUPS).strip().splitlines():  # an indented line goes on
        group = {stem(word) for word in line.split()}
        for word in group:
            kin.setdefault(word, set()).update(group)
    return {word: frozenset(group) for word, group in kin.items()}


def with_kin(words: Iterable[str]) -> set[str]:
    """Stems with those of the words that say the same, and with the beginnings of Russian ones (`is_said`)."""
    said, groups = set(words), _groups()
    for word in tuple(said):
        if word in groups:
            said |= groups[word]
        if not word.isascii() and _CYRILLIC.match(word):
            said.update(word[:end] + _AND_MORE for end in _beginnings(word))
    return said


@lru_cache(maxsize=2048)  # a sentence is read for itself, and again as what stands before and after others
def said_in(text: str) -> frozenset[str]:
    """What a text says, as `with_kin` has it."""
    return frozenset(with_kin(stems(text)))


def is_said(term: str, said: Set[str]) -> bool:
    """Whether a stem is among those that `with_kin` gave.

    Russian makes words of one root that no stemmer brings together ("помечается", "помечен"): there it is enough that
    one of the two begins with the other.
    """
    if term in said:
        return True
    if term.isascii() or not _CYRILLIC.match(term):
        return False
    return term + _AND_MORE in said or any(term[:end] in said for end in _beginnings(term))


def _beginnings(word: str) -> range:
    return range(max(_ROOT, len(word) - _ENDING), len(word))
