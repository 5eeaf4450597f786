"""Workers and their heartbeats, live trials, a fair queue of markings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import simulator.db

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rate_count',
    sa.Column('key', sa.String(length=200), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('until', simulator.db.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_rate_count'))
    )
    op.create_index('ix_rate_count_until', 'rate_count', ['until'], unique=False)
    op.create_table('worker',
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('host', sa.String(length=64), nullable=False),
    sa.Column('started_at', simulator.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('seen_at', simulator.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('backend', sa.String(length=12), nullable=False),
    sa.Column('problem', sa.Text(), nullable=False),
    sa.Column('marked', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_worker'))
    )
    op.create_table('trial',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('run_id', sa.String(length=64), nullable=False),
    sa.Column('response', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('cancel', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('queued_at', simulator.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('started_at', simulator.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('done_at', simulator.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('leased_by', sa.String(length=80), nullable=False),
    sa.Column('leased_until', simulator.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('stdout', sa.Text(), nullable=False),
    sa.Column('stderr', sa.Text(), nullable=False),
    sa.Column('result', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_trial_attempt_id_attempt')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_trial'))
    )
    with op.batch_alter_table('trial', schema=None) as batch_op:
        batch_op.create_index('ix_trial_place', ['attempt_id', 'position'], unique=False)
        batch_op.create_index('ix_trial_queue', ['state', 'id'], unique=False)

    op.create_table('trial_figure',
    sa.Column('trial_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('png', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['trial_id'], ['trial.id'], name=op.f('fk_trial_figure_trial_id_trial'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('trial_id', 'number', name=op.f('pk_trial_figure'))
    )
    with op.batch_alter_table('marking', schema=None) as batch_op:
        batch_op.add_column(sa.Column('turn', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('strict', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('started_at', simulator.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('seconds', sa.Double(), nullable=True))
        batch_op.add_column(sa.Column('backend', sa.String(length=12), nullable=False, server_default=''))
        batch_op.drop_index(batch_op.f('ix_marking_state'))
        batch_op.create_index('ix_marking_queue', ['state', 'turn', 'id'], unique=False)
