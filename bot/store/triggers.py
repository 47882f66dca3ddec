"""Triggers that refuse to change what may only be appended: the timeline, and words other than by erasing them."""

from __future__ import annotations

SQLITE = (
    """CREATE TRIGGER timeline_no_update BEFORE UPDATE ON timeline
BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END""",
    """CREATE TRIGGER timeline_no_delete BEFORE DELETE ON timeline
BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END""",
    """CREATE TRIGGER timeline_no_replace BEFORE INSERT ON timeline
WHEN EXISTS (SELECT 1 FROM timeline WHERE id = NEW.id OR (stream = NEW.stream AND seq = NEW.seq))
BEGIN SELECT RAISE(ABORT, 'the timeline is append-only'); END""",
    """CREATE TRIGGER words_only_erased BEFORE UPDATE ON words
WHEN NEW.text IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.entry_id <> OLD.entry_id
BEGIN SELECT RAISE(ABORT, 'words can be erased, not changed'); END""",
    """CREATE TRIGGER words_no_delete BEFORE DELETE ON words
BEGIN SELECT RAISE(ABORT, 'words can be erased, not deleted'); END""",
)

POSTGRES = (
    """CREATE FUNCTION muster_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$""",
    """CREATE TRIGGER timeline_no_change BEFORE UPDATE OR DELETE ON timeline
FOR EACH ROW EXECUTE FUNCTION muster_refuse()""",
    """CREATE TRIGGER timeline_no_truncate BEFORE TRUNCATE ON timeline
FOR EACH STATEMENT EXECUTE FUNCTION muster_refuse()""",
    """CREATE TRIGGER words_only_erased BEFORE UPDATE ON words
FOR EACH ROW WHEN (NEW.text IS NOT NULL OR NEW.salt IS NOT NULL OR NEW.entry_id <> OLD.entry_id)
EXECUTE FUNCTION muster_refuse()""",
    """CREATE TRIGGER words_no_delete BEFORE DELETE ON words
FOR EACH ROW EXECUTE FUNCTION muster_refuse()""",
    """CREATE TRIGGER words_no_truncate BEFORE TRUNCATE ON words
FOR EACH STATEMENT EXECUTE FUNCTION muster_refuse()""",
)
