"""Word lists, English and Russian, that the support check reads texts with.

Only data: closed classes of words (function words, spelled-out numbers, units, negations, hedges,
opposites), each no longer than the check needs. What is not here: the check, in `support.py`.
All words are case-folded, with `е` for `ё`.
"""

from __future__ import annotations

import Stemmer


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _stemmed(text: str) -> frozenset[str]:
    """Stems of English and Russian words, as `reading.stems` makes them."""
    english, russian = Stemmer.Stemmer("english"), Stemmer.Stemmer("russian")
    return frozenset((russian if "а" <= word[0] <= "я" else english).stemWord(word) for word in text.split())


# Carry no claim of their own. "may" and "will" are left out: capitalised they are a month and a name.
FUNCTION_WORDS = _words("""
    a an the this that these those such there here it its itself he him his she her hers they them their theirs i me my
    we us our ours you your yours who whom whose which what when where why how one ones someone something other others
    another each every both either all any some many much most more several few own same so than then thus too very
    also only just even still yet again already ever once while whereas although though because since if unless until
    as at by for from in into of off on onto out over per through throughout to toward towards under up upon via with
    within about above across after against along among amid around before behind below beneath beside between beyond
    during near and or but be been being is are was were am do does did done doing has have had having would should
    shall can could might must however moreover furthermore additionally therefore hence instead meanwhile overall
    finally later earlier today according based due both respectively including namely specifically similarly
    consequently nevertheless nonetheless yes well like together
    и а но или либо да же ли бы в во на над под при про по за из изо к ко с со от ото до для у о об обо через между
    перед после около среди вокруг против ради кроме вместо также тоже уже еще лишь только даже именно как так что
    чтобы это этот эта эти этого этой этому этим этом этих тот та те то того той тому тем том тех такой такая такое
    такие он она оно они его ее ей ему им их него нее ней нему ним них нем я мы вы ты мне меня нас нам вас вам свой
    своя свое свои своего своей своих своим себя себе который которая которое которые которого которой которому
    которым котором которых кто кого кому кем чего чему чем где куда откуда когда почему зачем какой какая какое какие
    какого каких был была было были быть есть является являются являлся являлась составляет составил составила
    составляла будет будут весь вся все всех всего
    всем сам сама само сами если хотя потому поэтому затем потом однако согласно более менее очень при этом кроме того
""")

# A full stop after one of these ends no sentence.
ABBREVIATIONS = _words("""
    mr mrs ms dr prof st jr sr inc ltd co corp no vs etc e.g i.e a.m p.m approx ca fig vol gen col lt sgt rev hon gov
    sen rep jan feb mar apr jun jul aug sep sept oct nov dec
    г гг в вв ул им т.е т.д т.п т.к н.э др пр см рис стр руб тыс млн млрд акад проф
""")

NUMBER_WORDS: dict[str, int] = {
    word: value
    for value, words in {
        0: "zero ноль нуль нуля",
        1: "one один одна одно одного одной одну одним одному одном",
        2: "two два две двух двум двумя двое",
        3: "three три трех трем тремя трое",
        4: "four четыре четырех четырем четырьмя четверо",
        5: "five пять пяти пятью",
        6: "six шесть шести шестью",
        7: "seven семь семи",
        8: "eight восемь восьми восемью",
        9: "nine девять девяти девятью",
        10: "ten десять десяти десятью",
        11: "eleven одиннадцать одиннадцати",
        12: "twelve двенадцать двенадцати",
        13: "thirteen тринадцать тринадцати",
        14: "fourteen четырнадцать четырнадцати",
        15: "fifteen пятнадцать пятнадцати",
        16: "sixteen шестнадцать шестнадцати",
        17: "seventeen семнадцать семнадцати",
        18: "eighteen восемнадцать восемнадцати",
        19: "nineteen девятнадцать девятнадцати",
        20: "twenty двадцать двадцати",
        30: "thirty тридцать тридцати",
        40: "forty сорок сорока",
        50: "fifty пятьдесят пятидесяти",
        60: "sixty шестьдесят шестидесяти",
        70: "seventy семьдесят семидесяти",
        80: "eighty восемьдесят восьмидесяти",
        90: "ninety девяносто девяноста",
    }.items()
    for word in words.split()
}

ORDINAL_WORDS: dict[str, int] = {
    word: value
    for value, word in enumerate(
        "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
        "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth".split(),
        start=1,
    )
}

# Stems; an ending of ORDINAL_ENDINGS_RU follows ("третий" and its forms all begin with "трет").
ORDINAL_STEMS_RU: dict[str, int] = {
    stem: value for value, stem in enumerate("перв втор трет четверт пят шест седьм восьм девят десят".split(), start=1)
}
ORDINAL_ENDINGS_RU = "ый|ой|ий|ая|ое|ые|ого|ому|ую|ым|ом|ых|ыми|ья|ье|ьи|ьего|ьей|ьему|ью|ьим|ьем|ьих"

SCALES: dict[str, int] = {
    "dozen": 12,
    "hundred": 100,
    "thousand": 1_000,
    "million": 1_000_000,
    "mln": 1_000_000,
    "billion": 1_000_000_000,
    "bn": 1_000_000_000,
    "trillion": 1_000_000_000_000,
    **dict.fromkeys("тыс тысяча тысячи тысяч тысячу тысячам тысячами тысячах".split(), 1000),
    **dict.fromkeys("млн миллион миллиона миллионов миллиону миллионам миллионами".split(), 1000000),
    **dict.fromkeys("млрд миллиард миллиарда миллиардов миллиарду миллиардам".split(), 1000000000),
    **dict.fromkeys("трлн триллион триллиона триллионов".split(), 1000000000000),
}

UNITS: dict[str, str] = {
    word: unit
    for unit, words in {
        "km": "km kilometre kilometres kilometer kilometers км километр километра километров километрах",
        "m": "m metre metres meter meters м метр метра метров метрах",
        "cm": "cm centimetre centimetres centimeter centimeters см сантиметр сантиметра сантиметров",
        "mm": "mm millimetre millimetres millimeter millimeters мм миллиметр миллиметра миллиметров",
        "mi": "mi mile miles миля мили миль",
        "ft": "ft foot feet фут фута футов",
        "in": "inch inches дюйм дюйма дюймов",
        "kg": "kg kilogram kilograms kilogramme кг килограмм килограмма килограммов",
        "g": "g gram grams грамм грамма граммов",
        "t": "ton tons tonne tonnes тонна тонны тонн",
        "lb": "lb lbs pound pounds фунт фунта фунтов",
        "ha": "ha hectare hectares га гектар гектара гектаров",
        "l": "litre litres liter liters л литр литра литров",
        "s": "sec second seconds секунда секунды секунд",
        "min": "min minute minutes минута минуты минут",
        "h": "h hour hours час часа часов",
        "d": "day days день дня дней",
        "wk": "week weeks неделя недели недель",
        "mo": "month months месяц месяца месяцев",
        "yr": "year years год года лет",
        "c": "century centuries век века веков",
        "kw": "kw kilowatt kilowatts квт киловатт",
        "mw": "mw megawatt megawatts мвт мегаватт",
        "usd": "dollar dollars доллар доллара долларов",
        "eur": "euro euros евро",
        "rub": "rouble roubles ruble rubles рубль рубля рублей",
    }.items()
    for word in words.split()
}

# The symbol, and the beginnings of the words that say the same.
CURRENCIES: dict[str, tuple[str, ...]] = {
    "$": ("dollar", "usd", "доллар"),
    "€": ("euro", "eur", "евро"),
    "£": ("pound", "gbp", "sterling", "фунт"),
    "¥": ("yen", "jpy", "yuan", "иен"),
    "₽": ("rouble", "ruble", "rub", "рубл"),
}

# Parts of a date: what happened then stands before them. English months are known by their capital.
CALENDAR = _words("""
    day days month months year years century centuries decade decades january february march april june july august
    september october november december
    январь января январе февраль февраля феврале март марта марте апрель апреля апреле май мая мае июнь июня июне
    июль июля июле август августа августе сентябрь сентября сентябре октябрь октября октябре ноябрь ноября ноябре
    декабрь декабря декабре год года году годы годах годов г гг век века веке день дня
""")

NEGATIONS = _words("""
    not no never neither nor none nobody nothing nowhere cannot without non lack lacks lacked fail fails failed unable
    refused denied не ни нет никогда никто никого никому ничто ничего никакой никакая никаких нигде нельзя без
    отсутствует отсутствуют отсутствовал отсутствовала отрицал отрицала отказался отказалась
""")
# A negation followed by one of these denies nothing: "not only", "no doubt".
NOT_NEGATING = _words("only just merely doubt matter только")
HEDGES = _words("""
    may might could possibly perhaps probably likely allegedly reportedly supposedly apparently unlikely
    возможно вероятно якобы предположительно может могут мог могла могли видимо наверное
""")
CLAUSE_BREAKS = _words("and but or until because while although if и но а или либо если хотя пока когда")

NEGATIVE_PREFIXES = ("un", "in", "im", "il", "ir", "dis", "non", "не", "без", "бес")

_OPPOSITES = """
    increase decrease|increased decreased|rise fall|rose fell|rising falling|grow shrink|grew shrank|gain lose
    win lose|won lost|more fewer|more less|most least|before after|earlier later|first last|begin end|began ended
    start finish|started finished|started stopped|open close|opened closed|north south|northern southern|east west
    eastern western|largest smallest|bigger smaller|large small|big small|high low|higher lower|highest lowest
    maximum minimum|above below|over under|oldest youngest|older younger|old new|longest shortest|longer shorter
    long short|born died|alive dead|buy sell|bought sold|allow forbid|allowed forbidden|allowed prohibited
    permitted prohibited|accept reject|accepted rejected|approved rejected|true false|male female|man woman
    son daughter|father mother|husband wife|brother sister|king queen|legal illegal|left right|upper lower
    with without|import export|always never|succeeded failed|join leave|joined left|fast slow|hot cold|warm cold
    success failure|successful unsuccessful|victory defeat|winner loser|strong weak|stronger weaker|best worst
    better worse|good bad|positive negative|rich poor|richest poorest|easy difficult|easier harder|simple complex
    common rare|cheap expensive|early late|earliest latest|newest oldest|ancient modern|permanent temporary|fewest most
    smallest largest|smallest biggest|fastest slowest|hottest coldest|heaviest lightest|deepest shallowest
    closest farthest|nearest farthest|wide narrow|deep shallow|thick thin|heavy light|wet dry|inside outside
    internal external|domestic foreign|urban rural|public private|direct indirect|majority minority|top bottom
    predecessor successor|ancestors descendants|entered left|arrived departed|added removed|included excluded
    hired fired|built destroyed|created destroyed|raised lowered|increased reduced|increase reduce|married divorced
    support oppose|supported opposed|supporters opponents|supporters critics|praised criticized|praised criticised
    agreed disagreed|encourage discourage|strengthened weakened|guilty innocent|ally enemy|allies enemies
    offensive defensive|attacked defended|advantage disadvantage|advantages disadvantages|liberal conservative
    увеличился уменьшился|вырос снизился|выросло снизилось|больше меньше|более менее|до после|первый последний
    начал закончил|открыт закрыт|открылся закрылся|северный южный|север юг|восток запад|восточный западный
    крупный мелкий|большой маленький|высокий низкий|родился умер|родилась умерла|купил продал|разрешено запрещено
    принял отверг|старый новый|выше ниже|отец мать|сын дочь|муж жена|брат сестра|победил проиграл|максимум минимум
"""
OPPOSITES: tuple[tuple[str, str], ...] = tuple(
    (pair.split()[0], pair.split()[1]) for line in _OPPOSITES.strip().splitlines() for pair in line.split("|")
)
# Where it is asked when something began, a sentence on its end does not say, and the reverse.
BEGINS = frozenset("begin begins began begun start started opened launched".split())
ENDS = frozenset("end ends ended finished stopped suspended ceased closed".split())

# Before a number: it is a bound, a part or an estimate, and another number is no contradiction.
QUALIFIERS = _words("""
    least most than over under about around nearly almost approximately some roughly up another other further additional
    every each first last next only
    более менее около почти примерно свыше до еще других другие первых последних каждые каждый
""")
# Verbs whose number is a difference, not a whole: a side that has one speaks of something else.
CHANGES = _stemmed("""
    lost gained added dropped removed withdrew joined left rose fell grew increased decreased declined cut raised
    потерял добавил вырос выросло упал увеличился снизился сократился присоединились вышли
""")
# What happens to one thing once, so that two dates of it contradict each other. A meeting can be repeated.
ONCE = _stemmed("""
    born died founded established created signed adopted ratified launched published built opened completed invented
    discovered formed set abolished dissolved enacted proposed put proposal introduced assassinated killed buried
    inaugurated appointed founding creation signing adoption birth death opening submitted tabled released issued
    родился родилась умер умерла основан основана создан создана создано подписан подписано подписана принят принята
    принято опубликован построен построена открыт открыта учрежден предложил выдвинул внес внесла назначен
""")
# Verbs that can't both be true of the same.
_CONTRARY = """
    accepted rejected|approved rejected|adopted rejected|supported opposed|succeeded failed|joined left|won lost
    increased decreased|rose fell|grew shrank|allowed forbade|permitted prohibited|confirmed denied|admitted denied
    signed refused|opened closed|began ended|resumed suspended|survived died|legal illegal|public secret
    принял отверг|приняла отвергла|приняли отвергли|поддержал отклонил|поддержала отклонила|одобрил отклонил
    подтвердил опроверг|признал отрицал|признали отрицали|вырос упал|увеличился снизился|разрешил запретил
    возобновил приостановил|присоединился вышел|победил проиграл
"""
CONTRARIES: tuple[tuple[frozenset[str], frozenset[str]], ...] = tuple(
    (_stemmed(pair.split()[0]), _stemmed(pair.split()[1]))
    for line in _CONTRARY.strip().splitlines()
    for pair in line.split("|")
)

# Seats of governments, which stand for them: "Moscow proposed".
SEATS = _words("""
    moscow kremlin washington beijing london whitehall brussels paris berlin kyiv kiev tehran tokyo delhi ankara
    jerusalem pyongyang seoul riyadh warsaw rome madrid москва кремль вашингтон пекин лондон брюссель париж берлин
    киев тегеран
""")

# Names that stand for one state: its own, its people's, its seat of government's. "Does Washington accuse Moscow?"
STATES = tuple(
    tuple(line.strip().split(", "))
    for line in """
    Russia, Russian Federation, Russians, Russian, Moscow, Kremlin
    United States of America, United States, USA, U.S., US, America, Americans, American, Washington
    China, Chinese, Beijing
    United Kingdom, Great Britain, Britain, British, UK, London
    Ukraine, Ukrainians, Ukrainian, Kyiv, Kiev
    France, French, Paris
    Germany, Germans, German, Berlin
    Iran, Iranians, Iranian, Tehran
    Japan, Japanese, Tokyo
    India, Indians, Indian, New Delhi
    Israel, Israelis, Israeli, Jerusalem
    Turkey, Türkiye, Turkish, Ankara
    North Korea, Pyongyang
    South Korea, Seoul
    European Union, EU, Brussels
""".strip().splitlines()
)
