"""versions of questionnaires, removed questions that keep their answers, and the question bank"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_QUESTIONNAIRE = sa.table("questionnaire", *(sa.column(name) for name in (
    "id", "title", "title_en", "intro", "intro_en", "thanks", "thanks_en", "state", "version")), sa.column("updated_at", sa.DateTime(timezone=True)))
_SECTION = sa.table("section", *(sa.column(name) for name in ("id", "questionnaire_id", "title", "title_en", "position")),
                    sa.column("show_if", sa.JSON))
_QUESTION = sa.table(
    "question", *(sa.column(name) for name in ("id", "questionnaire_id", "section_id", "code", "kind", "text", "text_en", "hint", "hint_en")),
    sa.column("required", sa.Boolean), sa.column("position"), *(sa.column(name, sa.JSON) for name in ("options", "settings", "show_if")),
)
_RESPONSE = sa.table("response", sa.column("questionnaire_id"))


def upgrade() -> None:
    version = op.create_table(
        "questionnaire_version",
        sa.Column("questionnaire_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["questionnaire_id"], ["questionnaire.id"], name=op.f("fk_questionnaire_version_questionnaire_id")),
        sa.PrimaryKeyConstraint("questionnaire_id", "number", name=op.f("pk_questionnaire_version")),
    )
    op.create_table(
        "bank_item",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("title_en", sa.String(length=500), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_item")),
    )
    op.add_column("questionnaire", sa.Column("version", sa.Integer(), server_default=sa.text("0"), nullable=False))
    op.add_column("response", sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False))
    with op.batch_alter_table("question") as batch:
        batch.alter_column("section_id", existing_type=sa.Integer(), nullable=True)
    _keep_what_was_asked(version)


def _keep_what_was_asked(version: sa.Table) -> None:
    """What has been opened or answered stands as it is as its first version."""
    connection = op.get_bind()
    asked = sa.select(_QUESTIONNAIRE).where(sa.or_(
        _QUESTIONNAIRE.c.state != "draft", sa.exists().where(_RESPONSE.c.questionnaire_id == _QUESTIONNAIRE.c.id)))
    for questionnaire in connection.execute(asked).mappings().all():
        texts = {name: questionnaire[name] for name in ("title", "title_en", "intro", "intro_en", "thanks", "thanks_en")}
        sections = connection.execute(
            sa.select(_SECTION).where(_SECTION.c.questionnaire_id == questionnaire["id"]).order_by(_SECTION.c.position, _SECTION.c.id)
        ).mappings().all()
        questions = connection.execute(
            sa.select(_QUESTION).where(_QUESTION.c.questionnaire_id == questionnaire["id"]).order_by(_QUESTION.c.position, _QUESTION.c.id)
        ).mappings().all()
        content = texts | {"sections": [
            _columns(section) | {"questions": [_columns(question) for question in questions if question["section_id"] == section["id"]]}
            for section in sections
        ]}
        connection.execute(version.insert().values(
            questionnaire_id=questionnaire["id"], number=1, content=content, made_at=questionnaire["updated_at"], by=""))
        connection.execute(sa.update(_QUESTIONNAIRE).where(_QUESTIONNAIRE.c.id == questionnaire["id"]).values(version=1))


def _columns(row: sa.RowMapping) -> dict[str, object]:
    return {name: value for name, value in row.items() if name not in {"questionnaire_id", "section_id", "position"}}


def downgrade() -> None:
    op.execute(
        "INSERT INTO section (questionnaire_id, title, title_en, position) SELECT DISTINCT questionnaire_id, '', '', 0 FROM question "
        "WHERE section_id IS NULL AND questionnaire_id NOT IN (SELECT questionnaire_id FROM section)"
    )
    op.execute(
        "UPDATE question SET section_id = (SELECT min(section.id) FROM section WHERE section.questionnaire_id = question.questionnaire_id) "
        "WHERE section_id IS NULL"
    )
    with op.batch_alter_table("question") as batch:
        batch.alter_column("section_id", existing_type=sa.Integer(), nullable=False)
    with op.batch_alter_table("response") as batch:
        batch.drop_column("version")
    with op.batch_alter_table("questionnaire") as batch:
        batch.drop_column("version")
    op.drop_table("bank_item")
    op.drop_table("questionnaire_version")
