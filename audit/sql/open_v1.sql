-- Opening the ledger for what a transaction wants to say: the persons' keys, then the head. One round trip.
--
-- Runs in a tenant's schema, as the owner role. Keys come first, so that the head stays the LAST lock.
--   people, fresh  persons in ascending order, and for each a new key, wrapped with the tenant's data key; a
--                  person who has a key keeps it
--   data_key       the wrapped data key that the caller used; where it is not the tenant's, nothing is written
--                  and `keys` is null: the caller reads the data key anew and asks again
CREATE FUNCTION ledger_open_v1(
    people text[], fresh bytea[], data_key bytea,
    OUT seq bigint, OUT hash bytea, OUT at text, OUT xid text, OUT kid text, OUT keys bytea[]
) LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF cardinality(people) > 0 AND EXISTS (SELECT FROM audit_data_key d WHERE d.id = 1 AND d.wrapped_key = data_key) THEN
        INSERT INTO audit_person_key (person, wrapped_key) SELECT * FROM unnest(people, fresh) ON CONFLICT DO NOTHING;
        keys := ARRAY(SELECT p.wrapped_key FROM unnest(people) WITH ORDINALITY AS asked (person, n)
                      JOIN audit_person_key p ON p.person = asked.person ORDER BY asked.n);
    END IF;
    SELECT h.seq, h.hash, h.at, h.xid, h.kid INTO seq, hash, at, xid, kid FROM ledger_lock_head_v1() h;
END $$;

DO $$
BEGIN
    EXECUTE format('ALTER FUNCTION %I.ledger_open_v1(text[], bytea[], bytea) SET search_path = %I, pg_temp',
                   current_schema(), current_schema());
    EXECUTE format('REVOKE ALL ON FUNCTION %I.ledger_open_v1(text[], bytea[], bytea) FROM PUBLIC', current_schema());
END $$;
