"""The exam engine: credits, module clocks, candidates, messages, cells of boards, re-markings, appeals, notices, redone items."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

import simulator.db

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('redo',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('task_version_id', sa.Integer(), nullable=False),
    sa.Column('response', sa.JSON(), nullable=False),
    sa.Column('correct', sa.Boolean(), nullable=False),
    sa.Column('at', simulator.db.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['task_version_id'], ['task_version.id'], name=op.f('fk_redo_task_version_id_task_version')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_redo_user_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_redo'))
    )
    with op.batch_alter_table('redo', schema=None) as batch_op:
        batch_op.create_index('ix_redo_user', ['user_id', 'task_version_id'], unique=False)

    op.create_table('candidate',
    sa.Column('exam_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=12), nullable=False),
    sa.Column('delay_s', sa.Integer(), nullable=False),
    sa.Column('extra_s', sa.Integer(), nullable=False),
    sa.Column('percent', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['exam_id'], ['exam.id'], name=op.f('fk_candidate_exam_id_exam')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_candidate_user_id_user')),
    sa.PrimaryKeyConstraint('exam_id', 'user_id', name=op.f('pk_candidate')),
    sa.UniqueConstraint('exam_id', 'number', name=op.f('uq_candidate_exam_id'))
    )
    op.create_table('message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('exam_id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=True),
    sa.Column('text', sa.String(length=500), nullable=False),
    sa.Column('at', simulator.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('who', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['exam_id'], ['exam.id'], name=op.f('fk_message_exam_id_exam')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_message_user_id_user')),
    sa.ForeignKeyConstraint(['who'], ['user.id'], name=op.f('fk_message_who_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message'))
    )
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_message_exam_id'), ['exam_id'], unique=False)

    op.create_table('remarking',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('exam_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('versions', sa.JSON(), nullable=False),
    sa.Column('note', sa.String(length=500), nullable=False),
    sa.Column('asked_at', simulator.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('asked_by', sa.Integer(), nullable=False),
    sa.Column('decided_at', simulator.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['asked_by'], ['user.id'], name=op.f('fk_remarking_asked_by_user')),
    sa.ForeignKeyConstraint(['decided_by'], ['user.id'], name=op.f('fk_remarking_decided_by_user')),
    sa.ForeignKeyConstraint(['exam_id'], ['exam.id'], name=op.f('fk_remarking_exam_id_exam')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_remarking'))
    )
    with op.batch_alter_table('remarking', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_remarking_exam_id'), ['exam_id'], unique=False)

    op.create_table('attempt_module',
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('module', sa.Integer(), nullable=False),
    sa.Column('entered_at', simulator.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('left_at', simulator.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('extra_s', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_attempt_module_attempt_id_attempt')),
    sa.PrimaryKeyConstraint('attempt_id', 'module', name=op.f('pk_attempt_module'))
    )
    op.create_table('board',
    sa.Column('exam_id', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['exam_id'], ['exam.id'], name=op.f('fk_board_exam_id_exam')),
    sa.PrimaryKeyConstraint('exam_id', name=op.f('pk_board'))
    )
    op.create_table('cell',
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('module', sa.Integer(), nullable=False),
    sa.Column('earned', simulator.db.MarksColumn(), nullable=False),
    sa.Column('public', simulator.db.MarksColumn(), nullable=False),
    sa.Column('marks', simulator.db.MarksColumn(), nullable=False),
    sa.Column('pending', sa.Integer(), nullable=False),
    sa.Column('errors', sa.Integer(), nullable=False),
    sa.Column('submitted_at', simulator.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_cell_attempt_id_attempt')),
    sa.PrimaryKeyConstraint('attempt_id', 'module', name=op.f('pk_cell'))
    )
    op.create_table('credit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('module', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('seconds', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('since', simulator.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('until', simulator.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('note', sa.String(length=200), nullable=False),
    sa.Column('asked_at', simulator.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('decided_at', simulator.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_credit_attempt_id_attempt')),
    sa.ForeignKeyConstraint(['decided_by'], ['user.id'], name=op.f('fk_credit_decided_by_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credit'))
    )
    with op.batch_alter_table('credit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_credit_attempt_id'), ['attempt_id'], unique=False)

    op.create_table('notice',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=True),
    sa.Column('text', sa.String(length=500), nullable=False),
    sa.Column('at', simulator.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('read_at', simulator.db.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_notice_attempt_id_attempt')),
    sa.ForeignKeyConstraint(['user_id'], ['user.id'], name=op.f('fk_notice_user_id_user')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_notice_user_id'), ['user_id'], unique=False)

    op.create_table('appeal',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('attempt_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('point_id', sa.String(length=64), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('asked_at', simulator.db.UtcDateTime(timezone=True), nullable=False),
    sa.Column('answer', sa.Text(), nullable=False),
    sa.Column('answered_at', simulator.db.UtcDateTime(timezone=True), nullable=True),
    sa.Column('answered_by', sa.Integer(), nullable=True),
    sa.Column('marking_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['answered_by'], ['user.id'], name=op.f('fk_appeal_answered_by_user')),
    sa.ForeignKeyConstraint(['attempt_id'], ['attempt.id'], name=op.f('fk_appeal_attempt_id_attempt')),
    sa.ForeignKeyConstraint(['marking_id'], ['marking.id'], name=op.f('fk_appeal_marking_id_marking')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_appeal'))
    )
    with op.batch_alter_table('appeal', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_appeal_attempt_id'), ['attempt_id'], unique=False)
        batch_op.create_index('ix_appeal_state', ['state'], unique=False)

    with op.batch_alter_table('attempt', schema=None) as batch_op:
        batch_op.add_column(sa.Column('paused_at', simulator.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('seen_at', simulator.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('address', sa.String(length=45), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('seat', sa.String(length=64), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('code_hash', sa.String(length=64), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('code_until', simulator.db.UtcDateTime(timezone=True), nullable=True))

    with op.batch_alter_table('attempt_task', schema=None) as batch_op:
        batch_op.add_column(sa.Column('seconds', sa.Integer(), nullable=False, server_default='0'))

    with op.batch_alter_table('exam', schema=None) as batch_op:
        batch_op.add_column(sa.Column('start_rule', sa.String(length=8), nullable=False, server_default='own'))
        batch_op.add_column(sa.Column('late_s', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('blind', sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column('freeze_at', simulator.db.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('revealed', sa.Integer(), nullable=False, server_default='0'))
        batch_op.add_column(sa.Column('awards', sa.JSON(), nullable=False, server_default='{}'))

    with op.batch_alter_table('group', schema=None) as batch_op:
        batch_op.add_column(sa.Column('division', sa.String(length=20), nullable=False, server_default=''))
        batch_op.add_column(sa.Column('archived_at', simulator.db.UtcDateTime(timezone=True), nullable=True))

    with op.batch_alter_table('marking', schema=None) as batch_op:
        batch_op.add_column(sa.Column('task_version_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('remarking_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('counts', sa.Boolean(), nullable=False, server_default=sa.true()))
        batch_op.add_column(sa.Column('origin', sa.String(length=12), nullable=False, server_default='auto'))
        batch_op.create_index(batch_op.f('ix_marking_remarking_id'), ['remarking_id'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_marking_remarking_id_remarking'), 'remarking', ['remarking_id'], ['id'])
        batch_op.create_foreign_key(batch_op.f('fk_marking_task_version_id_task_version'), 'task_version', ['task_version_id'], ['id'])

    for table, name in (('task_version', 'task_id'), ('paper_version', 'paper_id')):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.add_column(sa.Column('current', sa.Boolean(), nullable=False, server_default=sa.true()))
        rows = sa.table(table, sa.column('id'), sa.column(name), sa.column('current'))
        newest = sa.select(sa.func.max(rows.c.id)).group_by(rows.c[name])
        op.execute(sa.update(rows).where(rows.c.id.not_in(newest)).values(current=sa.false()))

    with op.batch_alter_table('user', schema=None) as batch_op:
        batch_op.add_column(sa.Column('must_change', sa.Boolean(), nullable=False, server_default=sa.false()))

    with op.batch_alter_table('verdict', schema=None) as batch_op:
        batch_op.add_column(sa.Column('board', sa.String(length=8), nullable=False, server_default=''))
