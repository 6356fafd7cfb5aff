"""The database keeps the audit trail append-only and seals each event at commit.

The seal is a deferred constraint trigger: by then every row lock of the transaction is held already, so that taking the one
lock of the chain cannot deadlock, and the chain follows the order of commits.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION core_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The audit trail is append-only: % on % is refused.', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION core_audit_material(e core_auditevent) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT string_agg(convert_to(octet_length(field)::text || ':' || field, 'UTF8'), ''::bytea ORDER BY place)
    FROM unnest(ARRAY[
        e.id::text,
        to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
        e.actor_kind,
        coalesce(e.actor_id::text, ''),
        e.actor_label,
        coalesce(e.organization_id::text, ''),
        e.action,
        e.target_type,
        e.target_id,
        e.outcome,
        e.reason,
        e.data::text,
        coalesce(host(e.ip), ''),
        e.request_id
    ]) WITH ORDINALITY AS fields(field, place)
$$;

CREATE FUNCTION core_audit_seal() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    of_chain uuid := coalesce(NEW.organization_id, '00000000-0000-0000-0000-000000000000'::uuid);
    last_position bigint;
    last_digest bytea;
BEGIN
    PERFORM pg_advisory_xact_lock(5021959);
    SELECT position, digest INTO last_position, last_digest
        FROM core_auditseal WHERE chain = of_chain ORDER BY position DESC LIMIT 1;
    INSERT INTO core_auditseal (chain, position, event_id, digest) VALUES (
        of_chain,
        coalesce(last_position, 0) + 1,
        NEW.id,
        sha256(coalesce(last_digest, decode(repeat('00', 32), 'hex')) || core_audit_material(NEW))
    );
    RETURN NULL;
END $$;

CREATE TRIGGER core_auditevent_append_only BEFORE UPDATE OR DELETE ON core_auditevent
    FOR EACH ROW EXECUTE FUNCTION core_audit_refuse();
CREATE TRIGGER core_auditseal_append_only BEFORE UPDATE OR DELETE ON core_auditseal
    FOR EACH ROW EXECUTE FUNCTION core_audit_refuse();
CREATE TRIGGER core_auditevent_no_truncate BEFORE TRUNCATE ON core_auditevent
    FOR EACH STATEMENT EXECUTE FUNCTION core_audit_refuse();
CREATE TRIGGER core_auditseal_no_truncate BEFORE TRUNCATE ON core_auditseal
    FOR EACH STATEMENT EXECUTE FUNCTION core_audit_refuse();
CREATE CONSTRAINT TRIGGER core_auditevent_seal AFTER INSERT ON core_auditevent
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION core_audit_seal();
"""

DROP = """
DROP TRIGGER core_auditevent_seal ON core_auditevent;
DROP TRIGGER core_auditseal_no_truncate ON core_auditseal;
DROP TRIGGER core_auditevent_no_truncate ON core_auditevent;
DROP TRIGGER core_auditseal_append_only ON core_auditseal;
DROP TRIGGER core_auditevent_append_only ON core_auditevent;
DROP FUNCTION core_audit_seal();
DROP FUNCTION core_audit_material(core_auditevent);
DROP FUNCTION core_audit_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("core", "0001_mail_tokens_and_audit")]

    operations = [migrations.RunSQL(CREATE, DROP)]
