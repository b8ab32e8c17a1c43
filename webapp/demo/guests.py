"""The invented people of an invented city. Numbers are of one block that belongs to nobody, addresses at example.com."""

import csv
import io
from dataclasses import dataclass
from random import Random

CITY = "云澜市"
CENTRE = f"{CITY}公共资源交易中心"
DISTRICTS = ("望河区", "临澜区", "青岚区", "云岭县", "白石县")
HEADER = ("姓名", "类别", "手机号码", "电子邮箱", "工作单位", "职务", "所属区县")

# How many invitees of each category.
HOW_MANY = {"deputy": 42, "cppcc": 40, "project_lead": 32, "enterprise": 84, "village": 30, "public": 26, "media": 14, "agency": 32}
WITH_TWO_SIGNS = 0.75  # in their given names
WITH_EMAIL = 0.6
WITH_LANDLINE_ONLY = 0.04  # they get letters

_SURNAMES = {
    "王": "wang", "李": "li", "张": "zhang", "刘": "liu", "陈": "chen", "杨": "yang", "赵": "zhao", "黄": "huang", "周": "zhou",
    "吴": "wu", "徐": "xu", "孙": "sun", "马": "ma", "朱": "zhu", "胡": "hu", "郭": "guo", "何": "he", "林": "lin", "高": "gao",
    "罗": "luo", "郑": "zheng", "梁": "liang", "谢": "xie", "宋": "song", "唐": "tang", "许": "xu", "邓": "deng", "冯": "feng",
    "韩": "han", "曹": "cao", "曾": "zeng", "彭": "peng", "萧": "xiao", "蔡": "cai", "潘": "pan", "田": "tian", "董": "dong",
    "袁": "yuan", "于": "yu", "余": "yu", "叶": "ye", "蒋": "jiang", "杜": "du", "苏": "su", "魏": "wei", "程": "cheng",
    "丁": "ding", "沈": "shen", "任": "ren", "姚": "yao", "卢": "lu", "傅": "fu", "钟": "zhong", "姜": "jiang", "崔": "cui",
    "欧阳": "ouyang", "司徒": "situ",
}
_FIRST = "建国明志文晓海春秀玉德永嘉家思子立学雪丽红振宏景兆庆光新世一云若静慧少瑞"
_SECOND = "强华军平芳敏涛辉霞刚梅斌燕鹏宁波峰玲杰丹琳凯娜健莹林森远航诚彬蕾洁雯轩宇涵萍民生"
_BRANDS = ("恒岳", "澜江", "鑫澜", "远峤", "中澜", "启泽", "盛岭", "宏浚", "汇澜", "众岚", "安屿", "天岭", "博浚", "华峤", "新屿", "锦岚")
_BUSINESSES = ("建设工程", "市政园林", "信息技术", "医疗器械", "机电设备", "建筑设计", "环保科技", "物业服务", "办公设备", "路桥工程")
_VILLAGES = ("杨柳湾", "石桥", "上坪", "三岔口", "白鹭", "大樟树", "南坡", "青石岭", "桃花", "下洲", "水口", "双井")
_TOWNS = ("清溪镇", "石门镇", "白鹭镇", "云台乡", "松坪乡")
_PROJECTS = ("澜江大桥", "城西污水处理厂", "高铁新城安置房", "人民医院新院区", "环城快速路", "职教园区", "城乡供水一体化")
_PAPERS = ("云澜日报", "云澜广播电视台", "澜江晚报", "云澜发布", "澜江在线")
_WORDS = {
    "brand": _BRANDS, "business": _BUSINESSES, "village": _VILLAGES, "town": _TOWNS, "project": _PROJECTS, "paper": _PAPERS,
    "district": DISTRICTS, "city": (CITY,),
}
_COMPANY = "{brand}{business}有限公司"
_WORK: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # organisations and positions by category
    "deputy": ((_COMPANY, "{district}第一中学", "{city}人民医院", "{town}人民政府"), ("市人大代表", "市人大代表", "区人大代表", "省人大代表")),
    "cppcc": ((_COMPANY, "{city}律师协会", "{city}职业技术学院", "{city}工商业联合会"), ("市政协委员", "市政协委员", "区政协委员", "市政协常委")),
    "project_lead": (("{project}建设指挥部",), ("项目经理", "总工程师", "副指挥长", "合同部部长")),
    "enterprise": ((_COMPANY,), ("总经理", "投标部经理", "副总经理", "商务主管", "投标专员")),
    "village": (("{town}{village}村股份经济合作社",), ("理事长", "村党支部书记", "村委会主任", "报账员")),
    "public": (("", "", "{district}居民", "{city}师范学院"), ("", "", "学生", "退休教师")),
    "media": (("{paper}",), ("记者", "首席记者", "编辑", "摄像")),
    "agency": (("{brand}招标代理有限公司", "{brand}项目管理有限公司", "{brand}工程咨询有限公司"), ("项目负责人", "总经理", "招标专员", "部门经理")),
}


@dataclass(frozen=True)
class Guest:
    """Somebody as an office's list has it."""

    name: str
    category: str  # a code
    phone: str
    email: str
    organisation: str
    position: str
    district: str


class Directory:
    """Makes up people; the same seed makes up the same ones, and nobody twice."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._names: set[str] = set()

    def name(self) -> str:
        """A name that nobody has yet."""
        while True:
            first = self._chance.choice(_FIRST) if self._chance.random() < WITH_TWO_SIGNS else ""
            name = self._chance.choice(list(_SURNAMES)) + first + self._chance.choice(_SECOND)
            if name not in self._names:
                self._names.add(name)
                return name

    def guest(self, category: str) -> Guest:
        """Somebody of a category, with one way to be reached or two."""
        name, chance = self.name(), self._chance
        organisation, position = self._work(category)
        number = len(self._names)
        surname = _SURNAMES.get(name[:2]) or _SURNAMES[name[0]]
        email = f"{surname}{number:03}@example.com" if chance.random() < WITH_EMAIL else ""
        landline = not email and chance.random() < WITH_LANDLINE_ONLY / (1 - WITH_EMAIL)
        phone = f"0999000{number:04}" if landline else f"1990000{number:04}"
        return Guest(name, category, phone, email, organisation, position, chance.choice(DISTRICTS))

    def _work(self, category: str) -> tuple[str, str]:
        organisations, positions = _WORK[category]
        words = {name: self._chance.choice(some) for name, some in _WORDS.items()}
        return self._chance.choice(organisations).format(**words), self._chance.choice(positions)


def as_list(guests: list[Guest], names: dict[str, str]) -> bytes:
    """The guests as the CSV that an office would upload; `names` are the categories' names by code."""
    written = io.StringIO()
    rows = csv.writer(written)
    rows.writerow(HEADER)
    for one in guests:
        rows.writerow((one.name, names[one.category], one.phone, one.email, one.organisation, one.position, one.district))
    return written.getvalue().encode("utf-8-sig")
