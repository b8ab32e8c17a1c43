"""An open day of which it is known who came how, and for how many minutes they stayed where."""

import csv
import json
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO, StringIO

import chain
from chain import BY, NOW
from docx import Document
from marks import MINUTE, OPEN, OUT, held, scanned, walked_in
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from engage import invitations, registrations, replacements, stand_ins, substitutes, undos, walk_ins
from engage.activities import Activity
from engage.applications import Person
from engage.events import Event
from engage.invitations import State
from engage.substitutes import Proposed

OVER = OPEN + 600 * MINUTE  # the event, which lasts three hours, is over

# name: minutes at the event, how the person came and in whose place, minutes in the visit and in the talk
CAME = {
    "张一": (90, "registered", "", 30, None),  # out of every door
    "李二": (175, "registered", "", None, 60),  # out of none
    "王三": (40, "registered", "", 40, None),  # seen at a room's door only
    "赵四": (30, "registered", "", 20, None),  # left the house and forgot the room's door
    "周七": (165, "walk_in", "", None, None),
    "吴八": (150, "stand_in", "郑九", None, None),  # on the spot
    "冯十": (180, "stand_in", "陈同行", None, None),  # swapped beforehand
    "卫二": (15, "stand_in", "褚一", None, None),  # a substitute who was invited; left and came back
}
ABSENT = ("钱五", "孙六", "陈同行", "冯领队")  # 孙六 was let in by mistake; 陈同行 was replaced
# registered, arrived, of these walk-ins, stand-ins; and who was in a room, with their minutes on average
HOW = {"人大代表": (2, 2, 0, 1), "企业代表": (9, 6, 1, 2), "合计": (11, 8, 1, 3)}
ROOMS = {"参观": (3, 30), "座谈": (1, 60)}


@dataclass(frozen=True)
class DoorDay:
    event: Event
    visit: Activity
    talk: Activity


def door_day(session: Session, **changes: object) -> DoorDay:
    """The people of CAME and ABSENT: 卫二, 褚一 and 张一 are deputies, the others from enterprises. The third activity nobody visited."""
    event = chain.event(session, walk_ins=True, **changes)
    visit = chain.activity(session, event, "参观", starts_at=OPEN + 10 * MINUTE, ends_at=OPEN + 60 * MINUTE)
    talk = chain.activity(session, event, "座谈", starts_at=OPEN + 60 * MINUTE, ends_at=OPEN + 120 * MINUTE)
    chain.activity(session, event, "问卷")
    session.flush()

    def registered(name, number, *, invitation=None, **form):
        filled = chain.application(session, name, phone=f"139000000{number}", **form)
        return registrations.register(session, event, filled, invitation=invitation, by="guest", now=NOW)

    def seen(attendee, *scans):
        """Minutes, with the room's id where it is one, and OUT."""
        for minute, *where in scans:
            room = next((each for each in where if each is not OUT), None)
            way = {"direction": OUT} if OUT in where else {}
            scanned(session, event, held(attendee.ticket_code, minute, activity=room, **way), now=OPEN + minute * MINUTE)
        session.refresh(attendee)

    asked = chain.invitation(session, event, chain.invitee(session, "张一", category="deputy"))
    unable = chain.invitation(session, event, chain.invitee(session, "褚一", phone="13800000002", category="deputy"))
    zhang = registered("张一", 11, category="deputy", invitation=asked).leader
    invitations.answer(session, unable, State.DECLINED, by="guest", now=NOW)
    substitutes.propose(session, unable, Proposed("卫二", "13800000003"), by="guest", now=NOW)
    instead = substitutes.invite(session, unable, by=BY, now=NOW)
    wei = registered("卫二", 12, category="deputy", invitation=instead).leader
    li, wang, zhao, sun, zheng = (registered(name, number).leader for number, name in enumerate(
        ("李二", "王三", "赵四", "孙六", "郑九"), start=13))
    registered("钱五", 20)
    feng = replacements.swap(session, registered("冯领队", 21, companions=["陈同行"]).attendees[1], Person(name="冯十"), by="guest", now=NOW)
    stand_ins.stand_in(session, zheng, "吴八", by=BY, now=OPEN)
    walk_ins.enter(session, event, [walked_in(15, name="周七")], by=BY, now=OPEN + 15 * MINUTE)
    seen(zhang, (0,), (10, visit.id), (40, visit.id, OUT), (90, OUT))
    seen(li, (5,), (60, talk.id))
    seen(wang, (20, visit.id))
    seen(zhao, (0,), (10, visit.id), (30, OUT))
    seen(zheng, (30,))
    seen(feng, (0,))
    seen(wei, (45,), (50, OUT), (60,), (70, OUT))
    seen(sun, (0,), (12, visit.id))
    undos.undo(session, sun, by=BY, now=OPEN + 20 * MINUTE)
    return DoorDay(event, visit, talk)


def figures_in(data: bytes, suffix: str) -> tuple[Mapping[str, tuple[int, ...]], Mapping[str, tuple[int, float]]]:
    """HOW and ROOMS as an export of the summary tells them."""
    return {"csv": _in_csv, "json": _in_json, "xlsx": _in_xlsx, "docx": _in_docx}[suffix](data)


def _in_csv(data):
    rows = list(csv.reader(StringIO(data.decode("utf-8-sig"), newline="")))
    told = {(row[3].replace("全部", "合计"), row[2]): row for row in rows if row[0] in {"参与情况", "活动安排"}}
    names = ("报名人数", "到场人数", "其中现场登记", "其中代替他人")
    how = {label: tuple(int(told[label, name][4]) for name in names) for label in HOW}
    arrived, minutes = "：到场人数", "：平均在场时间（分钟）"
    seen = [option.removesuffix(arrived) for _, option in told if option.endswith(arrived)]
    return how, {title: (int(told["合计", title + arrived][4]), float(told["合计", title + minutes][6])) for title in seen}


def _in_json(data):
    body, keys = json.loads(data), ("registered", "arrived", "walk_ins", "stand_ins")
    how = {one["label"]: tuple(one[key] for key in keys) for one in (*body["categories"], {"label": "合计", **body["total"]})}
    return how, {one["title"]: (one["attended"], one["minutes"]) for one in body["activities"] if one["attended"] is not None}


def _in_xlsx(data):
    lines = list(load_workbook(BytesIO(data)).worksheets[0].iter_rows(values_only=True))
    parts = next(place for place, line in enumerate(lines) if line[0] == "活动安排")
    how = {line[0]: line[5:9] for line in lines[:parts] if line[0] in HOW}
    return how, {line[0]: line[5:7] for line in lines[parts + 1:] if line[5] is not None}


def _in_docx(data):
    people, _chosen, rooms = ([[cell.text for cell in row.cells] for row in table.rows[1:]] for table in Document(BytesIO(data)).tables)
    return {row[0]: tuple(map(int, row[4:8])) for row in people}, {row[0]: (int(row[1]), float(row[2])) for row in rooms}
