"""Ready-made questionnaires to start from: open day, training evaluation and needs, service rating, consultation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from surveys.asked import in_language
from surveys.errors import NotFound
from surveys.questionnaires import Details, Questionnaire, create
from surveys.questions import Fields, add_question, add_section


class NoSuchTemplate(NotFound):
    """There is no such template."""


@dataclass(frozen=True, slots=True)
class Template:
    """A questionnaire to copy: its texts, and for each section the Chinese and English title with the questions."""

    details: Details
    sections: tuple[tuple[str, str, tuple[Fields, ...]], ...]

    def label(self, language: str = "zh") -> str:
        return in_language(language, self.details.get("title", ""), self.details.get("title_en", ""))


def _options(*labels: tuple[str, str]) -> list[dict[str, str]]:
    return [{"label": chinese, "label_en": english} for chinese, english in labels]


OPEN_DAY = Template(
    Details(
        title="公共资源交易平台开放日问卷", title_en="Open day questionnaire",
        intro="感谢您参加本次平台开放日。请用三分钟告诉我们您的感受和建议，您的意见将用于改进交易服务。",
        intro_en="Thank you for coming to our open day. Please take three minutes to tell us what you thought; "
                 "your remarks help us to improve our services.",
        thanks="感谢您的参与。我们会认真研究每一条意见，并在中心网站公布办理情况。",
        thanks_en="Thank you. We read every remark and publish on our website what came of it.",
    ),
    (
        ("参与情况", "Your visit", (
            Fields(kind="single", text="您是通过什么渠道得知本次开放日的？", text_en="How did you hear about this open day?",
                   required=True, settings={"other": True}, options=_options(
                       ("收到邀请函", "By invitation"), ("中心网站", "The centre's website"),
                       ("微信公众号", "WeChat account"), ("单位通知", "My organisation"))),
            Fields(kind="multiple", text="您参加了哪些环节？", text_en="Which parts did you take part in?", required=True,
                   hint="可多选", hint_en="Pick all that apply", settings={"min": 1}, options=_options(
                       ("现场参观", "Guided visit"), ("互动体验", "Hands-on session"), ("座谈交流", "Discussion meeting"),
                       ("政策宣讲", "Policy briefing"))),
            Fields(kind="number", text="这是您第几次走进交易中心？", text_en="How many times have you visited the centre, this one included?",
                   settings={"min": 1, "max": 99, "integer": True, "unit": "次", "unit_en": "times"}),
        )),
        ("活动评价", "What you thought", (
            Fields(kind="scale", text="您对本次活动的总体评价是？", text_en="How satisfied are you with the open day overall?", required=True),
            Fields(kind="scale", text="您对现场参观和讲解是否满意？", text_en="How satisfied are you with the visit and the explanations?"),
            Fields(kind="scale", text="您对座谈交流中的答复是否满意？", text_en="How satisfied are you with the replies in the discussion?"),
            Fields(kind="single", text="参加活动后，您对交易流程公开透明的了解程度有何变化？",
                   text_en="After the visit, how well do you understand how trading is kept open?", options=_options(
                       ("明显加深", "Much better"), ("有所加深", "Somewhat better"), ("没有变化", "No change"))),
        )),
        ("意见建议", "Your suggestions", (
            Fields(kind="multiple", text="您希望我们今后重点公开哪些信息？", text_en="What should we publish more about?",
                   hint="最多选三项", hint_en="At most three", settings={"max": 3, "other": True}, options=_options(
                       ("招标计划", "Tender plans"), ("评标过程", "Bid evaluation"), ("中标结果", "Award results"),
                       ("合同履约", "Contract performance"), ("收费标准", "Fees"), ("投诉处理", "Handling of complaints"))),
            Fields(kind="text", text="请用一个词形容您对交易中心的印象。", text_en="Which one word describes the centre?", settings={"max_length": 20}),
            Fields(kind="long_text", text="您对交易中心的工作有哪些意见和建议？", text_en="What would you like us to do better?",
                   hint="请勿填写姓名、电话等个人信息", hint_en="Please leave out names, phone numbers and other personal data"),
        )),
    ),
)

TRAINING = Template(
    Details(
        title="集中培训效果评价", title_en="Training evaluation",
        intro="为了把培训办得更实用，请您对本次培训作出评价。", intro_en="Please rate this training, so that we can make it more useful.",
        thanks="感谢您的评价，祝您工作顺利。", thanks_en="Thank you for your time.",
    ),
    (
        ("学员情况", "About you", (
            Fields(kind="single", text="您所在单位的类型是？", text_en="What kind of organisation are you from?", required=True,
                   settings={"other": True}, options=_options(
                       ("招标人或采购人", "Buyer"), ("代理机构", "Agency"), ("投标人或供应商", "Bidder or supplier"),
                       ("村集体经济组织", "Village collective"))),
            Fields(kind="number", text="您从事交易相关工作多少年？", text_en="How many years have you worked in this field?",
                   settings={"min": 0, "max": 50, "unit": "年", "unit_en": "years"}),
        )),
        ("培训评价", "The training", (
            Fields(kind="scale", text="您对培训内容的实用性是否满意？", text_en="How satisfied are you with the usefulness of the content?", required=True),
            Fields(kind="scale", text="您对授课老师的讲解是否满意？", text_en="How satisfied are you with the teaching?", required=True),
            Fields(kind="scale", text="您对培训的组织和场地是否满意？", text_en="How satisfied are you with the organisation and the room?"),
            Fields(kind="single", text="您认为培训时长是否合适？", text_en="Was the length right?",
                   options=_options(("偏长", "Too long"), ("合适", "About right"), ("偏短", "Too short"))),
            Fields(kind="scale", text="经过培训，您对系统操作的掌握程度如何？", text_en="How well can you use the system now?",
                   settings={"labels": ["非常熟练", "比较熟练", "基本掌握", "不太会用", "完全不会"],
                             "labels_en": ["Very well", "Well", "Fairly well", "Not well", "Not at all"]}),
        )),
        ("后续需求", "What next", (
            Fields(kind="multiple", text="您希望今后参加哪些内容的培训？", text_en="What should further trainings be about?",
                   hint="可多选", hint_en="Pick all that apply", settings={"other": True}, options=_options(
                       ("政策解读", "Policy"), ("系统操作", "Using the system"), ("交易实施", "Carrying out a transaction"),
                       ("异议与投诉处理", "Objections and complaints"))),
            Fields(kind="likelihood", text="您有多大可能向同事推荐这次培训？", text_en="How likely are you to recommend this training to a colleague?"),
            Fields(kind="text", text="您最想听的一个专题是什么？", text_en="Which one topic would you most like to hear about?"),
            Fields(kind="long_text", text="您对今后的培训有什么建议？", text_en="What do you suggest for further trainings?"),
        )),
    ),
)

SERVICE_RATING = Template(
    Details(
        title="交易服务满意度评价", title_en="Service rating", anonymous=True,
        intro="本问卷匿名填写，请您放心评价。您的评价不会影响任何交易活动。",
        intro_en="This questionnaire is anonymous. What you answer has no effect on any transaction.",
        thanks="感谢您的评价。对不满意的事项，我们将逐项整改。", thanks_en="Thank you. We follow up on everything that was rated poor.",
    ),
    (
        ("办事情况", "Your business", (
            Fields(kind="single", text="您最近一次办理的是哪类业务？", text_en="What did you come for last?", required=True,
                   settings={"other": True}, options=_options(
                       ("工程建设", "Construction"), ("政府采购", "Government procurement"), ("土地使用权", "Land use rights"),
                       ("产权交易", "Property rights"), ("农村集体资产", "Rural collective assets"))),
            Fields(kind="multiple", text="您通过哪些方式办理？", text_en="How did you do it?", hint="可多选",
                   hint_en="Pick all that apply", settings={"other": True}, options=_options(
                       ("现场窗口", "At the counter"), ("交易系统", "In the trading system"), ("电话咨询", "By phone"),
                       ("微信公众号", "WeChat account"))),
            Fields(kind="number", text="您办理这项业务共到现场几次？", text_en="How often did you have to come in person?",
                   settings={"min": 0, "max": 50, "integer": True, "unit": "次", "unit_en": "times"}),
        )),
        ("服务评价", "The service", (
            Fields(kind="scale", text="您对服务的总体评价是？", text_en="How satisfied are you with the service overall?", required=True),
            Fields(kind="scale", text="您对工作人员的态度是否满意？", text_en="How satisfied are you with how staff treated you?"),
            Fields(kind="scale", text="您对办理效率是否满意？", text_en="How satisfied are you with how quickly it was done?"),
            Fields(kind="scale", text="您对交易系统的易用性是否满意？", text_en="How satisfied are you with the ease of use of the system?"),
        )),
        ("意见建议", "Your suggestions", (
            Fields(kind="text", text="哪一个环节最需要改进？", text_en="Which step most needs to be improved?"),
            Fields(kind="long_text", text="如有不满意之处，请告诉我们原因。", text_en="If you were not satisfied, please tell us why.",
                   hint="请勿填写姓名、电话等个人信息", hint_en="Please leave out names, phone numbers and other personal data"),
        )),
    ),
)

TRAINING_NEEDS = Template(
    Details(
        title="培训需求调查", title_en="Training needs",
        intro="为了合理安排今年的培训，请您告诉我们需要什么、什么时候方便。填写约需三分钟，结果用于制定培训计划。",
        intro_en="Please tell us what you need and when it suits you, so that we can plan this year's trainings. It takes about three minutes.",
        thanks="感谢您的填写。培训计划确定后，将在中心网站公布。", thanks_en="Thank you. The plan will be published on our website.",
    ),
    (
        ("单位情况", "About you", (
            Fields(kind="single", text="您所在单位的类型是？", text_en="What kind of organisation are you from?", required=True,
                   settings={"other": True}, options=_options(
                       ("招标人或采购人", "Buyer"), ("代理机构", "Agency"), ("投标人或供应商", "Bidder or supplier"),
                       ("村集体经济组织", "Village collective"))),
            Fields(kind="number", text="贵单位预计参加培训的有多少人？", text_en="How many people of your organisation would take part?",
                   settings={"min": 1, "max": 500, "integer": True, "unit": "人", "unit_en": "people"}),
        )),
        ("需要的内容", "What you need", (
            Fields(kind="multiple", text="您希望参加哪些内容的培训？", text_en="Which topics would you like to be trained in?", required=True,
                   hint="可多选", hint_en="Pick all that apply", settings={"min": 1, "other": True}, options=_options(
                       ("政策解读", "Policy"), ("系统操作", "Using the system"), ("交易实施", "Carrying out a transaction"),
                       ("投标文件编制", "Preparing a bid"), ("异议与投诉处理", "Objections and complaints"))),
            Fields(kind="matrix", text="您对以下工作的熟练程度如何？", text_en="How well do you know how to do the following?",
                   settings={"labels": ["很熟练", "比较熟练", "不太熟练", "不了解"], "labels_en": ["Very well", "Well", "Not well", "Not at all"]},
                   options=_options(("查找政策文件", "Finding policy documents"), ("在系统中发布公告", "Publishing a notice in the system"),
                                    ("线上投标和解密", "Bidding and decrypting online"), ("查询交易结果", "Looking up results"))),
            Fields(kind="ranking", text="请按需要的先后，为以下培训内容排序。", text_en="Please put these in the order in which you need them.",
                   options=_options(("政策解读", "Policy"), ("系统操作", "Using the system"), ("案例分析", "Case studies"))),
        )),
        ("培训安排", "How and when", (
            Fields(kind="single", text="您希望以哪种方式参加？", text_en="How would you like to take part?", options=_options(
                ("现场集中培训", "In a classroom"), ("线上直播", "Live online"), ("录播课程", "Recorded lessons"),
                ("上门指导", "A visit to our office"))),
            Fields(kind="multiple", text="您什么时候方便？", text_en="When does it suit you?", hint="可多选", hint_en="Pick all that apply",
                   options=_options(("工作日上午", "Weekday mornings"), ("工作日下午", "Weekday afternoons"), ("周末", "Weekends"))),
            Fields(kind="single", text="一次培训多长时间合适？", text_en="How long should a training be?",
                   options=_options(("半天以内", "Up to half a day"), ("一天", "One day"), ("两天", "Two days"))),
            Fields(kind="long_text", text="您在工作中遇到的最大困难是什么？", text_en="What is hardest for you in your work?",
                   hint="请勿填写姓名、电话等个人信息", hint_en="Please leave out names, phone numbers and other personal data"),
        )),
    ),
)

CONSULTATION = Template(
    Details(
        title="公开征求意见", title_en="Public consultation",
        intro="现就有关文件的征求意见稿公开征求意见，期限不少于三十日。请您先阅读征求意见稿全文，再逐项填写。意见采纳情况及理由将在中心网站公布。",
        intro_en="We ask for your opinion on a draft document, for at least thirty days. Please read the draft first. What becomes of the "
                 "opinions, and why, will be published on our website.",
        thanks="感谢您的意见。征求意见结束后，我们将逐条研究并公布采纳情况。",
        thanks_en="Thank you. After the consultation we study every opinion and publish what was adopted.",
    ),
    (
        ("您的身份", "About you", (
            Fields(kind="single", text="您以什么身份提出意见？", text_en="In what capacity do you answer?", required=True,
                   settings={"other": True}, options=_options(
                       ("公民个人", "As a citizen"), ("招标人或采购人", "For a buyer"), ("代理机构", "For an agency"),
                       ("投标人或供应商", "For a bidder or supplier"), ("行业协会", "For an association"), ("机关事业单位", "For a public body"))),
            Fields(kind="single", text="您是否已阅读征求意见稿？", text_en="Have you read the draft?", required=True,
                   options=_options(("已阅读全文", "All of it"), ("阅读了部分", "Some of it"), ("尚未阅读", "Not yet"))),
        )),
        ("总体意见", "The draft as a whole", (
            Fields(kind="single", text="您对征求意见稿的总体意见是？", text_en="What do you think of the draft as a whole?", required=True,
                   options=_options(("同意", "I agree"), ("基本同意，有修改意见", "I agree, with changes"), ("不同意", "I do not agree"))),
            Fields(kind="matrix", text="您如何评价征求意见稿的以下方面？", text_en="How do you rate the draft in these respects?",
                   settings={"labels": ["很好", "较好", "一般", "较差"], "labels_en": ["Very good", "Good", "Fair", "Poor"]},
                   options=_options(("必要性", "It is needed"), ("可操作性", "It can be carried out"), ("表述清楚", "It is clear"),
                                    ("对企业的影响", "What it means for enterprises"))),
        )),
        ("具体意见", "Your opinions in detail", (
            Fields(kind="text", text="您的意见针对哪一条款？", text_en="Which article is your opinion about?",
                   hint="例如：第三章第十二条", hint_en="For example: chapter 3, article 12"),
            Fields(kind="long_text", text="您建议怎样修改？", text_en="How should it be changed?",
                   hint="请写明建议的表述", hint_en="Please write the wording that you suggest"),
            Fields(kind="long_text", text="您的理由和依据是什么？", text_en="What are your reasons?"),
            Fields(kind="long_text", text="您还有哪些意见和建议？", text_en="What else would you like to say?",
                   hint="请勿填写姓名、电话等个人信息", hint_en="Please leave out names, phone numbers and other personal data"),
        )),
    ),
)

TEMPLATES: Mapping[str, Template] = {
    "open_day": OPEN_DAY, "training": TRAINING, "training_needs": TRAINING_NEEDS, "service_rating": SERVICE_RATING, "consultation": CONSULTATION,
}


def create_from_template(session: Session, name: str, *, now: datetime, title: str = "") -> Questionnaire:
    """A new draft made of a key of TEMPLATES, under its own title when one is given. Raises NoSuchTemplate."""
    template = TEMPLATES.get(name)
    if template is None:
        raise NoSuchTemplate(template=name)
    details = Details(**template.details)
    if title:
        details["title"], details["title_en"] = title, ""
    questionnaire = create(session, now=now, **details)
    for chinese, english, questions in template.sections:
        section = add_section(session, questionnaire, title=chinese, title_en=english, now=now)
        for fields in questions:
            add_question(session, section, now=now, **fields)
    return questionnaire
