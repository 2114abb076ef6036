-- The ledger's guards and its only door, version 1. Runs in a tenant's schema, as the owner role.
--
--   ledger_lock_head_v1()   takes the head's row lock (the LAST lock of a transaction) and says what comes next
--   ledger_append_v1(...)   reads the columns out of the signed bytes, checks place, link, time and key, inserts
--   ledger_found_v1(...)    puts the first keys in an empty ledger
--   ledger_rotate_key_v1(...) puts the key in force that the last entry announced
--
-- The application may SELECT and call these; it has no INSERT, UPDATE, DELETE or TRUNCATE (grants_v1.sql).
-- Signatures are not checked here (PostgreSQL has no Ed25519): verification does, from outside.

ALTER TABLE audit_entry
    ADD CONSTRAINT audit_entry_hash_is_of_body CHECK (hash = sha256('holdfast/ledger/v1\012'::bytea || body)),
    ADD CONSTRAINT audit_entry_signature_length CHECK (octet_length(signature) = 64),
    ADD CONSTRAINT audit_entry_prev_length CHECK (octet_length(prev) = 32);

INSERT INTO audit_head (id, seq, hash, tenant, last_at)
VALUES (1, 0, sha256('holdfast/ledger/v1/genesis\012'::bytea || convert_to(current_schema(), 'UTF8')),
        current_schema(), to_timestamp(0));

CREATE FUNCTION ledger_refuse_v1() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE TRIGGER audit_entry_append_only BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_v1();
CREATE TRIGGER audit_entry_no_truncate BEFORE TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_v1();
CREATE TRIGGER audit_head_stays BEFORE DELETE ON audit_head
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_v1();
CREATE TRIGGER audit_head_no_truncate BEFORE TRUNCATE ON audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_v1();
CREATE TRIGGER audit_key_stays BEFORE DELETE ON audit_key
    FOR EACH ROW EXECUTE FUNCTION ledger_refuse_v1();
CREATE TRIGGER audit_key_no_truncate BEFORE TRUNCATE ON audit_key
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_v1();

CREATE FUNCTION ledger_lock_head_v1(
    OUT seq bigint, OUT hash bytea, OUT at text, OUT xid text, OUT kid text
) LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    head audit_head%ROWTYPE;
BEGIN
    SELECT h.* INTO STRICT head FROM audit_head h WHERE h.id = 1 FOR UPDATE;
    seq := head.seq;
    hash := head.hash;
    at := to_char(greatest(clock_timestamp(), head.last_at) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
    xid := pg_current_xact_id()::text;
    SELECT k.kid INTO kid FROM audit_key k WHERE k.valid_to IS NULL;
END $$;

CREATE FUNCTION ledger_append_v1(bodies bytea[], signatures bytea[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    head audit_head%ROWTYPE;
    said json;
    this_hash bytea;
    this_at timestamptz;
BEGIN
    IF cardinality(bodies) IS DISTINCT FROM cardinality(signatures) THEN
        RAISE EXCEPTION 'ledger: % entries with % signatures', cardinality(bodies), cardinality(signatures);
    END IF;
    SELECT h.* INTO STRICT head FROM audit_head h WHERE h.id = 1 FOR UPDATE;
    FOR i IN 1 .. cardinality(bodies) LOOP
        said := convert_from(bodies[i], 'UTF8')::json;
        this_at := (said ->> 'ts')::timestamptz;
        IF (said ->> 'tenant') IS DISTINCT FROM head.tenant
           OR (said ->> 'seq') IS DISTINCT FROM (head.seq + 1)::text
           OR (said ->> 'prev') IS DISTINCT FROM encode(head.hash, 'hex')
           OR (said ->> 'xid') IS DISTINCT FROM pg_current_xact_id()::text
           OR this_at IS NULL OR this_at < head.last_at OR this_at > greatest(clock_timestamp(), head.last_at)
           OR NOT EXISTS (SELECT FROM audit_key k WHERE k.kid = said ->> 'kid' AND k.valid_to IS NULL) THEN
            RAISE EXCEPTION 'ledger: entry % of % does not follow the head', said ->> 'seq', head.tenant
                USING ERRCODE = 'check_violation';
        END IF;
        this_hash := sha256('holdfast/ledger/v1\012'::bytea || bodies[i]);
        INSERT INTO audit_entry (seq, xid, action, subject, person, run_id, step_id, reverses, created_at, kid,
                                 body, hash, signature, prev)
        VALUES (head.seq + 1, pg_current_xact_id(), said ->> 'action', said ->> 'subject', said ->> 'person',
                (said ->> 'run')::bigint, (said ->> 'step')::bigint, (said ->> 'reverses')::bigint, this_at,
                said ->> 'kid', bodies[i], this_hash, signatures[i], head.hash);
        head.seq := head.seq + 1;
        head.hash := this_hash;
        head.last_at := this_at;
    END LOOP;
    UPDATE audit_head SET seq = head.seq, hash = head.hash, last_at = head.last_at WHERE id = 1;
    RETURN head.seq;
END $$;

CREATE FUNCTION ledger_found_v1(new_kid text, new_public_key bytea, new_wrapped bytea, new_data_key bytea)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM FROM audit_head WHERE id = 1 FOR UPDATE;
    IF EXISTS (SELECT FROM audit_key) OR EXISTS (SELECT FROM audit_entry) THEN
        RETURN false;
    END IF;
    INSERT INTO audit_key (kid, algorithm, public_key, wrapped_private_key, valid_from, valid_to, created_at)
    VALUES (new_kid, 'Ed25519', new_public_key, new_wrapped, 1, NULL, clock_timestamp());
    INSERT INTO audit_data_key (id, wrapped_key, created_at) VALUES (1, new_data_key, clock_timestamp());
    RETURN true;
END $$;

CREATE FUNCTION ledger_rotate_key_v1(new_kid text, new_public_key bytea, new_wrapped bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    last_seq bigint;
BEGIN
    SELECT h.seq INTO STRICT last_seq FROM audit_head h WHERE h.id = 1 FOR UPDATE;
    IF NOT EXISTS (SELECT FROM audit_entry e WHERE e.seq = last_seq AND e.xid = pg_current_xact_id()
                   AND e.action = 'ledger.key_rotated'
                   AND convert_from(e.body, 'UTF8')::json -> 'payload' ->> 'kid' = new_kid
                   AND convert_from(e.body, 'UTF8')::json -> 'payload' ->> 'public_key'
                       = encode(new_public_key, 'base64')) THEN
        RAISE EXCEPTION 'ledger: key % is not the one that entry % announced', new_kid, last_seq
            USING ERRCODE = 'check_violation';
    END IF;
    UPDATE audit_key SET valid_to = last_seq WHERE valid_to IS NULL;
    INSERT INTO audit_key (kid, algorithm, public_key, wrapped_private_key, valid_from, valid_to, created_at)
    VALUES (new_kid, 'Ed25519', new_public_key, new_wrapped, last_seq + 1, NULL, clock_timestamp());
END $$;

-- A pinned search path, so that no table or function of the caller's can stand in for the ledger's.
DO $$
DECLARE
    door text;
BEGIN
    FOREACH door IN ARRAY ARRAY[
        'ledger_lock_head_v1()', 'ledger_append_v1(bytea[], bytea[])', 'ledger_refuse_v1()',
        'ledger_found_v1(text, bytea, bytea, bytea)', 'ledger_rotate_key_v1(text, bytea, bytea)'
    ] LOOP
        EXECUTE format('ALTER FUNCTION %I.%s SET search_path = %I, pg_temp', current_schema(), door,
                       current_schema());
        EXECUTE format('REVOKE ALL ON FUNCTION %I.%s FROM PUBLIC', current_schema(), door);
    END LOOP;
END $$;
