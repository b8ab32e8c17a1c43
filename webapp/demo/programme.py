"""The centre's year: six open days and four trainings, as an organiser would plan them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from engage.activities import ActivityKind
from engage.events import Kind, Topic, Visibility
from webapp.demo.guests import CENTRE

OPEN_DAY_PLACE = (f"{CENTRE}一楼服务大厅", "望河区政务路 8 号")
TRAINING_PLACE = (f"{CENTRE}三楼培训教室", "望河区政务路 8 号")
CONTACT = ("交易管理科", "0999-0000123")


@dataclass(frozen=True)
class Part:
    """An activity, `begins` and `ends` in minutes after the event's start; `seats` None is no limit of its own."""

    kind: ActivityKind
    title: str
    room: str
    host: str
    begins: int
    ends: int
    seats: int | None = None


@dataclass(frozen=True, kw_only=True)
class Occasion:
    """One event of the year; `day` counts from today.

    So many of each category are `invited`, and so many `strangers` ask by themselves, until `enough` people have a seat.
    It is `published`, and its invitations leave, that long before it starts. `limits` are seats by category, `answers` the
    questionnaires that come back; `walk_ins` come to the door without a registration.
    """

    title: str
    kind: Kind
    day: int
    seats: int
    invited: Mapping[str, int] = field(default_factory=dict)
    strangers: int = 0
    limits: Mapping[str, int] = field(default_factory=dict)
    visibility: Visibility = Visibility.INVITED
    parts: tuple[Part, ...] = ()
    topic: Topic | None = None
    hours: float | None = None
    answers: int = 0
    published: timedelta = timedelta(days=32)
    enough: int = 1000
    draft: bool = False
    asks: bool = False  # more than name and contact: see `form`
    walk_ins: int = 0
    rooms: bool = False  # people are scanned at the rooms' doors too


def _open_day(visit: str, experience: str, discussion: str, host: str) -> tuple[Part, ...]:
    return (
        Part(ActivityKind.VISIT, f"现场参观：{visit}", "一楼服务大厅", "服务科 讲解员", 0, 50),
        Part(ActivityKind.EXPERIENCE, f"互动体验：{experience}", "二楼开标一室", "信息技术科", 50, 95, 60),
        Part(ActivityKind.DISCUSSION, f"座谈交流：{discussion}", "三楼会议室", host, 95, 165, 50),
        Part(ActivityKind.SURVEY, "问卷调查：听取意见建议", "三楼会议室", "综合科", 165, 180),
    )


_CLASSES = (
    Part(ActivityKind.DISCUSSION, "专题讲授", "三楼培训教室", "交易管理科 主讲", 0, 100),
    Part(ActivityKind.EXPERIENCE, "上机操作", "三楼机房", "信息技术科", 100, 150, 60),
    Part(ActivityKind.DISCUSSION, "现场答疑", "三楼培训教室", "交易管理科", 150, 180),
)
_EVERYBODY = {"deputy": 30, "cppcc": 28, "project_lead": 22, "enterprise": 42, "village": 14, "public": 6, "media": 8, "agency": 18}
_TRAINEES = {"enterprise": 74, "agency": 32, "village": 22, "project_lead": 26}

YEAR = (
    Occasion(
        title="第13期平台开放日：走进工程建设招标投标", kind=Kind.OPEN_DAY, day=-296, seats=180, invited=_EVERYBODY,
        limits={"deputy": 40, "cppcc": 40, "enterprise": 70, "media": 10}, answers=92,
        parts=_open_day("开标、评标与专家抽取", "模拟开标", "工程建设招标投标", "分管副主任"),
    ),
    Occasion(
        title="集中培训：招标投标新规解读", kind=Kind.TRAINING, day=-262, seats=180, invited=_TRAINEES, topic=Topic.POLICY, hours=4,
        answers=98, parts=_CLASSES,
    ),
    Occasion(
        title="第14期平台开放日：政府采购惠企政策", kind=Kind.OPEN_DAY, day=-205, seats=180, visibility=Visibility.PUBLIC,
        invited={**_EVERYBODY, "enterprise": 50, "deputy": 18, "cppcc": 18}, strangers=34,
        limits={"enterprise": 90, "public": 40, "media": 12}, answers=108,
        parts=_open_day("政府采购服务专窗", "电子保函在线办理", "中小企业参与政府采购", "政府采购科科长"),
    ),
    Occasion(
        title="集中培训：电子交易系统操作", kind=Kind.TRAINING, day=-150, seats=180, invited=_TRAINEES, topic=Topic.SYSTEM, hours=4,
        answers=118, parts=_CLASSES,
    ),
    Occasion(
        title="第15期平台开放日：农村产权交易专场", kind=Kind.OPEN_DAY, day=-96, seats=180,
        invited={**_EVERYBODY, "village": 28, "media": 10}, limits={"village": 60, "deputy": 30, "enterprise": 60}, answers=90,
        walk_ins=6, rooms=True,
        parts=_open_day("农村产权交易窗口", "网上竞价出租一口鱼塘", "农村集体资产资源交易", "分管副主任"),
    ),
    Occasion(
        title="集中培训：交易实施与异议处理", kind=Kind.TRAINING, day=-41, seats=180, invited=_TRAINEES, topic=Topic.PRACTICE, hours=6,
        answers=106, parts=_CLASSES,
    ),
    Occasion(
        title="第16期平台开放日：看得见的阳光交易", kind=Kind.OPEN_DAY, day=0, seats=160, visibility=Visibility.PUBLIC, asks=True,
        invited={"deputy": 22, "cppcc": 20, "project_lead": 14, "enterprise": 34, "village": 12, "public": 6, "media": 8, "agency": 14},
        strangers=20, limits={"deputy": 30, "cppcc": 30, "enterprise": 50, "public": 30, "media": 10}, answers=38,
        walk_ins=4, rooms=True,
        parts=_open_day("全流程电子化交易", "远程异地评标", "优化营商环境", "中心主任"),
    ),
    Occasion(
        title="第17期平台开放日：市民走进交易中心", kind=Kind.OPEN_DAY, day=9, seats=60, visibility=Visibility.PUBLIC, asks=True,
        invited={"public": 14, "enterprise": 18, "village": 8, "media": 6}, strangers=60,
        limits={"enterprise": 25, "village": 15, "media": 6}, published=timedelta(days=20), enough=56,
        parts=_open_day("市民最关心的民生项目", "当一回评标专家", "公共资源交易与您有关", "分管副主任"),
    ),
    Occasion(
        title="第18期平台开放日：代表委员视察专场", kind=Kind.OPEN_DAY, day=24, seats=80, asks=True,
        invited={"deputy": 38, "cppcc": 36, "project_lead": 12, "media": 6}, limits={"deputy": 40, "cppcc": 40, "media": 6},
        published=timedelta(days=30), parts=_open_day("信用评价与履约监管", "大数据监管平台", "代表委员面对面", "中心主任"),
    ),
    Occasion(
        title="集中培训：农村产权交易实务", kind=Kind.TRAINING, day=36, seats=100, topic=Topic.PRACTICE, hours=4, draft=True,
        published=timedelta(days=40), parts=_CLASSES,
    ),
)
