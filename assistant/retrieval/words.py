"""Words that carry no content of their own, in English and Russian. Lists, no logic."""

STOPWORDS = frozenset(
    """a about above after again against all also although am among an and another any anybody anyone anything are
    around as at be because been before being below between both but by can cannot could did do does doing done
    down during each either else ever every few for from further get gets give given gives got had has have
    having he her here hers herself him himself his how however i if in into is it its itself just kind know let
    like made make makes many may me might more most much must my myself neither no nor not of off often on once
    one only onto or other others our ours ourselves out over own per please quite rather really same say says
    she should since so some somebody someone something still such tell than that the their theirs them
    themselves then there these they thing things this those though through thus to together too toward towards
    under until up upon us use used very via was we well were what whatever when where whereas whether which
    while who whoever whole whom whose why will with within without would yet you your yours yourself yourselves
    explain describe show happen happens happened become becomes became come comes s t re ve ll d m don doesn
    didn isn aren wasn weren won wouldn couldn shouldn а без более больше будем будет будете будешь будто буду
    будут бы был была были было быть в вам вами вас ваш весь во вот все всего всей всем всеми всему всех всю вся
    всё вы где да даже для до его ее ей ему если есть еще ещё ею её же за здесь и из или им ими их к как какая
    какие каким какими каких какого какое какой каком какому какую кем ко когда кого ком кому которая которого
    которое которой котором которую которые который которым которыми которых кто куда ли либо лишь между меня
    мне много мной мог могла могли может можно мой мы на над надо нам нами нас наш не него нее ней нельзя нем
    нему нет нею неё ни нибудь ним ними них но ну о об однако он она они оно от очень перед по под поэтому после
    потому почему при про раз с сам сама сами само самый свое своего своей свои своих свой себе себя сказать
    скажи расскажи сколько со собой так также такая такие такое такой там те тебе тебя тем теми тех то тобой
    тогда того той только том тому тот тоже ту тут ты у уже хотя чего чей чем через что чтобы чье чья эта эти
    этим этими этих это этого этой этом этому этот эту является являются случилось произошло стало зачем каков
    какова каковы""".split()
)

# What an undertaking comes to when it comes to nothing. A text says so in a hundred ways, seldom in the question's.
OUTCOMES = frozenset(
    """collapse collapses collapsed collapsing fail fails failed failure fall fell apart end ends ended ending stop
    stops stopped halt halted die died break broke down dissolve dissolved disband disbanded abandon abandoned
    nothing short lived suspend suspended freeze froze frozen cancel cancelled canceled terminate terminated
    unravel unravelled cease ceased kill killed doom doomed sink sank derail derailed held meet met last lasted survive
    survived never set провалилась провалился
    провалились распалась распался распались рухнули рухнула рухнул развалилась развалился прекратилась
    прекратились прекратила прекратил сорвались сорвалась закончилась закончился остановилась замерла""".split()
)

# As an alternative of a pattern.
MONTHS = (
    r"jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|january|february|march|april|may|june|july|august|september|october|november|december|январ\w+|феврал\w+"
    r"|март\w*|апрел\w+|ма[йяе]|июн\w+|июл\w+|август\w*|сентябр\w+|октябр\w+|ноябр\w+|декабр\w+"
)
