"""A questionnaire that asks every kind of question there is, and a good answer to it as a form sends it."""

import io

import make
from PIL import Image

from surveys.files import Upload
from surveys.kinds import KINDS


def picture(kind, size=(64, 48), **options):
    """A plain green picture as a file of this kind."""
    stream = io.BytesIO()
    Image.new("RGB", size, "green").save(stream, kind, **options)
    return stream.getvalue()


def sent(fields):
    """Answers as a test client takes them."""
    return {name: [(io.BytesIO(one.content), one.name) for one in value] if isinstance(value, list) and isinstance(value[0], Upload) else value
            for name, value in fields.items()}


ASKS = (
    {"code": "intro", "kind": "info", "text": "请根据今天的参观填写", "text_en": "Please think of today’s visit", "hint": "大约需要 5 分钟。"},
    {"code": "role", "kind": "single", "text": "您的身份", "text_en": "Who are you?", "options": make.OPTIONS,
     "settings": {"other": True, "random": True}},
    {"code": "liked", "kind": "multiple", "text": "印象最深的是", "text_en": "What impressed you?", "options": make.OPTIONS,
     "settings": {"none": True, "max": 2}},
    {"code": "service", "kind": "scale", "text": "您对服务是否满意", "text_en": "Are you satisfied?", "required": True},
    {"code": "nps", "kind": "likelihood", "text": "您有多大可能推荐给同事", "text_en": "How likely are you to recommend us?"},
    {"code": "parts", "kind": "matrix", "text": "请评价各个环节", "text_en": "Please rate each part", "required": True, "options": [
        {"code": "talk", "label": "讲解", "label_en": "Talk"}, {"code": "food", "label": "餐饮", "label_en": "Food"},
        {"code": "way", "label": "交通", "label_en": "Transport"},
    ]},
    {"code": "used", "kind": "grid", "text": "下列服务", "text_en": "These services", "options": [
        {"code": "web", "label": "网上办理", "label_en": "Online"}, {"code": "desk", "label": "窗口办理", "label_en": "At the counter"},
    ]},
    {"code": "order", "kind": "ranking", "text": "请按重要程度排序", "text_en": "Please rank", "options": [
        {"code": "a", "label": "道路", "label_en": "Roads"}, {"code": "b", "label": "学校", "label_en": "Schools"},
        {"code": "c", "label": "医院", "label_en": "Hospitals"}, {"code": "d", "label": "公园", "label_en": "Parks"},
    ]},
    {"code": "times", "kind": "number", "text": "您来过几次", "text_en": "How often?", "settings": {"unit": "次", "unit_en": "times"}},
    {"code": "wish", "kind": "number", "text": "希望停留多久", "text_en": "How long?",
     "settings": {"slider": True, "min": 0, "max": 120, "integer": True, "unit": "分钟", "unit_en": "minutes"}},
    {"code": "day", "kind": "date", "text": "希望哪天再来", "text_en": "Which day?", "settings": {"min": "2026-01-01"}},
    {"code": "hour", "kind": "time", "text": "几点合适", "text_en": "At what time?"},
    {"code": "moment", "kind": "datetime", "text": "何时办理的业务", "text_en": "When were you here?"},
    {"code": "line", "kind": "text", "text": "取号单编号", "text_en": "Number of your slip", "hint": "一个字母和三位数字",
     "hint_en": "A letter and three digits", "settings": {"pattern": r"[A-Z]\d{3}"}},
    {"code": "words", "kind": "long_text", "text": "您的意见和建议", "text_en": "Your suggestions"},
    {"code": "mail", "kind": "email", "text": "您的邮箱", "text_en": "Your e-mail address"},
    {"code": "phone", "kind": "phone", "text": "您的电话", "text_en": "Your phone number"},
    {"code": "firm", "kind": "credit_code", "text": "单位的信用代码", "text_en": "Credit code of your organisation"},
    {"code": "shot", "kind": "photo", "text": "现场照片", "text_en": "Photos of the place"},
    {"code": "proof", "kind": "file", "text": "证明材料", "text_en": "Documents"},
)
SENT = {
    "role": "other", "role.other": "教师", "liked": ["1", "2"], "service": "4", "nps": "9", "parts.talk": "5", "parts.food": "3",
    "parts.way": "1", "used.web": ["1", "2"], "order.a": "2", "order.b": "1", "order.c": "3", "order.d": "4", "times": "3", "wish": "45",
    "day": "2026-04-01", "hour": "09:30", "moment": "2026-03-18T10:05", "line": "A123", "words": "很好\n继续", "mail": "anna@example.org",
    "phone": "138 1234 5678", "firm": "91350100M000100Y43",
    "shot": [Upload("门口.jpg", picture("JPEG"))], "proof": [Upload("证明.pdf", b"%PDF-1.7\n")],
}
NAMELESS = [ask for ask in ASKS if not KINDS[ask["kind"]].attaches]  # what an anonymous questionnaire may ask
