"""The documentation tells the truth: its code runs, its settings exist, its links lead somewhere."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import docx
import openpyxl
import pytest

from webapp.settings import described

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LIBRARY = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def headings(page: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.replace("`", "")).strip().lower().replace(" ", "-") for heading in found}


def test_the_guide_to_the_libraries_runs_as_it_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(re.findall(r"^```python\n(.*?)^```$", LIBRARY, re.MULTILINE | re.DOTALL))
    said = io.StringIO()
    names: dict = {}
    with redirect_stdout(said):
        exec(compile(code, "docs/library.md", "exec"), names)
    names["session"].close()
    names["engine"].dispose()
    summary = names["summary"]
    assert (summary.total.invited, summary.total.accepted, summary.total.registered) == (2, 2, 2)
    assert (summary.total.arrived, summary.total.responses) == (1, 1)
    assert said.getvalue().splitlines()[:6] == [
        "[(4, 'no_contact')]",
        "{<Channel.EMAIL: 'email'>: 1, <Channel.SMS: 'sms'>: 1, <Channel.LETTER: 'letter'>: 0}",
        "admitted 赵建国",
        "30",
        "0:05:40 1",
        "共邀请2人，报名2人，到场1人（到场率50.0%），回收问卷1份，满意率100.0%。",
    ]
    assert openpyxl.load_workbook("summary.xlsx").sheetnames
    assert "平台开放日" in "".join(paragraph.text for paragraph in docx.Document("summary.docx").paragraphs)


def test_the_guide_to_questionnaires_runs_as_it_is_written():
    page = (ROOT / "docs" / "surveys.md").read_text(encoding="utf-8")
    said = io.StringIO()
    with redirect_stdout(said):
        exec(compile("\n".join(re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)), "docs/surveys.md", "exec"), {})
    assert said.getvalue().splitlines() == ["60 {'deputy': 40, 'enterprise': 20}", "45", "2 0.0 True", "True"]


def test_every_setting_is_documented_with_its_default():
    table = re.findall(r"^\| `(ENGAGE_\w+)` \| (.+?) \| (.+) \|$", (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8"), re.MULTILINE)
    stated = [(name, default.strip("`") if default != "–" else "", meaning.replace("\\|", "|")) for name, default, meaning in table]
    assert stated == described()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_pages_lead_somewhere(page):
    missing = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        if "://" in target or target.startswith("mailto:"):
            continue
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in headings(file)):
            missing.append(target)
    assert missing == []
