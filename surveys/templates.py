"""Ready-made questionnaires to start from: open day, training evaluation, service rating."""

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

TEMPLATES: Mapping[str, Template] = {"open_day": OPEN_DAY, "training": TRAINING, "service_rating": SERVICE_RATING}


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
