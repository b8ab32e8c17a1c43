"""responses to anonymous questionnaires are released in groups, by being folded; those that were shown before are released"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

SHOWN = "response.excluded_at IS NULL AND NOT response.folded AND response.questionnaire_id IN (SELECT id FROM questionnaire WHERE anonymous)"
KEY = "questionnaire_id, context, segment, submitted_on, question_id, part, choice, numbered, number"


def upgrade() -> None:
    op.create_index("ix_response_excluded", "response", ["questionnaire_id"], unique=False,
                    sqlite_where=sa.text("excluded_at IS NOT NULL"), postgresql_where=sa.text("excluded_at IS NOT NULL"))
    false = "0" if op.get_bind().dialect.name == "sqlite" else "false"
    group = "response.questionnaire_id, response.context, response.segment, response.submitted_on"
    answer = "answer.question_id, answer.part, coalesce(answer.choice, ''), answer.number IS NOT NULL, coalesce(answer.number, 0.0)"
    _add(f"SELECT {group}, 0, '', '', {false}, 0.0, count(*), count(*), count(*) FROM response WHERE {SHOWN} GROUP BY {group}")  # noqa: S608 -- constants of this file
    _add(
        f"SELECT {group}, {answer}, count(*), sum(CASE WHEN answer.place = 0 THEN 1 ELSE 0 END), "  # noqa: S608 -- the same
        "sum(CASE WHEN answer.place % 100 = 0 THEN 1 ELSE 0 END) "
        f"FROM response JOIN answer ON answer.response_id = response.id WHERE {SHOWN} GROUP BY {group}, {answer}"
    )
    op.execute(f"UPDATE response SET folded = NOT folded WHERE {SHOWN}")  # noqa: S608 -- the same


def _add(counted: str) -> None:
    op.execute(
        f"INSERT INTO tally ({KEY}, count, people, answered) {counted} ON CONFLICT ({KEY}) DO UPDATE SET "
        "count = tally.count + excluded.count, people = tally.people + excluded.people, answered = tally.answered + excluded.answered"
    )


def downgrade() -> None:
    op.drop_index("ix_response_excluded", table_name="response")
