"""How people name a time or a sender when they search, in each language of the interface.

Regular expressions for `bot.i18n.date_filter`; a blank matches any number of blanks. Months come from babel.

    within, since, before   stand before a time: 'in May', 'since May', 'before May'
    after                   stands after a time and means since; in some languages
    by                      stands before a person: 'from @ada'
    me                      the person who searches, `by` included
    rest                    words that only say that photos are wanted, beside a filter
"""

from typing import Final, NamedTuple


class DatePhrases(NamedTuple):
    within: str
    since: str
    before: str
    by: str
    me: str
    rest: str
    today: str
    yesterday: str
    this_week: str
    last_week: str
    this_month: str
    last_month: str
    this_year: str
    last_year: str
    after: str = ""


# Without blanks between words, or with postpositions: there, a month's name alone means the month.
CLEAR: Final = ("zh", "ja", "hi", "ar")
UNSPACED: Final = ("zh", "ja")

SPOKEN: Final = {
    "en": DatePhrases(
        within="in|from|on|during|of|taken in|sent in",
        since="since|after",
        before="before|until",
        by="from|by|of",
        me="(?:from|by) me",
        rest="all|any|every|everything|my|the|photos?|pictures?|images?|pics?|sent|taken",
        today="today",
        yesterday="yesterday",
        this_week="this week",
        last_week="(?:the )?last week",
        this_month="this month",
        last_month="(?:the )?last month",
        this_year="this year",
        last_year="(?:the )?last year",
    ),
    "es": DatePhrases(
        within="en|de|del|durante",
        since="desde|a partir de",
        before="antes de|hasta",
        by="de|por",
        me="(?:de|por) mí",
        rest="todas?|todos?|todo|mis?|las?|los?|fotos?|fotografías?|imágenes|imagen",
        today="hoy",
        yesterday="ayer",
        this_week="esta semana",
        last_week="(?:la )?semana pasada",
        this_month="este mes",
        last_month="(?:el )?mes pasado",
        this_year="este año",
        last_year="(?:el )?año pasado",
    ),
    "de": DatePhrases(
        within="im|in|aus|vom|von|am|in der|aus der|in dem|aus dem",
        since="seit|ab|seit der|seit dem",
        before="vor|bis|vor der|vor dem",
        by="von",
        me="von mir",
        rest="alle[ns]?|meine?|die|der|das|fotos?|bild(?:er)?|aufnahmen?",
        today="heute",
        yesterday="gestern",
        this_week="diese[rn]? woche",
        last_week="(?:letzte|vorige|vergangene)[rn]? woche",
        this_month="diese[nm]? monat",
        last_month="(?:letzte|vorige|vergangene)[nmrs]? monat",
        this_year="diese[sm]? jahr",
        last_year="(?:letzte|vorige|vergangene)[smn]? jahr",
    ),
    "fr": DatePhrases(
        within="en|de|du|d['’]|au mois de|pendant",
        since="depuis|après",
        before="avant|jusqu['’]à|jusqu['’]en",
        by="de|par",
        me="(?:de|par) moi",
        rest="tout|toutes?|tous|mes|ma|les?|la|photos?|images?",
        today="aujourd['’]hui",
        yesterday="hier",
        this_week="cette semaine",
        last_week="(?:la )?semaine (?:dernière|passée)",
        this_month="ce mois(?:-ci)?",
        last_month="(?:le )?mois (?:dernier|passé)",
        this_year="cette année",
        last_year="(?:l['’])?an(?:née)? (?:dernière?|passée?)",
    ),
    "ru": DatePhrases(
        within="в|во|на|за|от",
        since="с|со|после",
        before="до",
        by="от",
        me="от меня",
        rest="все|всё|мои|мо[ёе]|фото|фотографии|снимки|картинки",
        today="сегодня",
        yesterday="вчера",
        this_week="эт(?:ой|а|у|ей) недел[еюия]",
        last_week="прошл(?:ой|ая|ую) недел[еюия]",
        this_month="это(?:м|т|го) месяц[еа]?",
        last_month="прошл(?:ом|ый|ого) месяц[еа]?",
        this_year="это(?:м|т|го) год[уа]?",
        last_year="прошл(?:ом|ый|ого) год[уа]?",
    ),
    "pt": DatePhrases(
        within="em|de|do|da|no|na|durante",
        since="desde|a partir de",
        before="antes de|até",
        by="de|por",
        me="de mim|por mim",
        rest="todas?|todos?|tudo|minhas?|as|os|fotos?|imagens|imagem",
        today="hoje",
        yesterday="ontem",
        this_week="(?:n?esta) semana",
        last_week="(?:a )?semana passada",
        this_month="n?este mês",
        last_month="(?:o )?mês passado",
        this_year="n?este ano",
        last_year="(?:o )?ano passado",
    ),
    "it": DatePhrases(
        within="a|ad|in|di|del|della|nel|nella|durante",
        since="da|dal|dalla|dopo",
        before="prima di|prima del|fino a",
        by="di|da",
        me="(?:di|da) me",
        rest="tutte|tutto|tutti|mie|mia|le|la|foto|immagin[ei]",
        today="oggi",
        yesterday="ieri",
        this_week="questa settimana",
        last_week="(?:la )?(?:settimana (?:scorsa|passata)|scorsa settimana)",
        this_month="questo mese",
        last_month="(?:il )?(?:mese (?:scorso|passato)|scorso mese)",
        this_year="quest['’]anno",
        last_year="(?:l['’])?anno scorso|lo scorso anno",
    ),
    "uk": DatePhrases(
        within="у|в|на|за|від",
        since="з|із|зі|після",
        before="до",
        by="від",
        me="від мене",
        rest="усі|всі|все|мої|фото|фотографії|світлини|знімки",
        today="сьогодні",
        yesterday="[ву]чора",
        this_week="ц(?:ього|ьому|ей) тиж(?:ня|ні|день)",
        last_week="минул(?:ого|ому|ий) тиж(?:ня|ні|день)",
        this_month="ц(?:ього|ьому|ей) місяц[яі]",
        last_month="минул(?:ого|ому) місяц[яі]",
        this_year="ц(?:ього|ьому) ро(?:ку|ці)",
        last_year="минул(?:ого|ому) ро(?:ку|ці)|торік",
    ),
    "hi": DatePhrases(
        within="",
        since="",
        before="",
        by="",
        me="मेरी तरफ़? से|मेरी भेजी",
        rest="सभी|सब|मेरी|की|के|का|फ़ोटो|फोटो|तस्वीरें|तस्वीर",
        today="आज",
        yesterday="कल",
        this_week="इस हफ़्ते|इस हफ्ते|इस सप्ताह",
        last_week="पिछले हफ़्ते|पिछले हफ्ते|पिछले सप्ताह",
        this_month="इस महीने|इस माह",
        last_month="पिछले महीने|पिछले माह",
        this_year="इस साल|इस वर्ष",
        last_year="पिछले साल|पिछले वर्ष",
        after="से",
    ),
    "zh": DatePhrases(
        within="在|于",
        since="自从?",
        before="",
        by="来自|来自于",
        me="我发的|我的",
        rest="所有|全部|的|照片|图片|相片",
        today="今天",
        yesterday="昨天",
        this_week="这周|本周|这个星期|这星期",
        last_week="上周|上个星期|上星期",
        this_month="这个月|本月",
        last_month="上个月|上月",
        this_year="今年",
        last_year="去年",
        after="以来|以后|之后|起",
    ),
    "ar": DatePhrases(
        within="في|من|خلال",
        since="منذ|بعد",
        before="قبل|حتى",
        by="من",
        me="مني",
        rest="كل|جميع|الصور|صور|صوري|صورة",
        today="اليوم",
        yesterday="أمس|امس|البارحة",
        this_week="هذا الأسبوع|هذا الاسبوع",
        last_week="الأسبوع الماضي|الاسبوع الماضي",
        this_month="هذا الشهر",
        last_month="الشهر الماضي",
        this_year="هذا العام|هذه السنة",
        last_year="العام الماضي|السنة الماضية",
    ),
    "ja": DatePhrases(
        within="",
        since="",
        before="",
        by="",
        me="私の|私が送った|自分の",
        rest="すべて|全部|の|写真|画像",
        today="今日",
        yesterday="昨日",
        this_week="今週",
        last_week="先週",
        this_month="今月",
        last_month="先月",
        this_year="今年",
        last_year="去年|昨年",
        after="から|以降",
    ),
}
