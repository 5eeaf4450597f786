"""Trials with a language model: which one, what it was asked and what it answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('trial', schema=None) as batch_op:
        batch_op.add_column(sa.Column('model', sa.String(length=100), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('asked', sa.JSON(), nullable=False, server_default='[]'))
