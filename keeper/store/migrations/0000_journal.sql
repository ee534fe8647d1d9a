CREATE TABLE keel.leases (
  name text PRIMARY KEY,
  holder text NOT NULL,
  token bigint NOT NULL,
  expires_at bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE keel.intents (
  id text PRIMARY KEY,
  sequence bigserial NOT NULL,
  chain_id integer NOT NULL,
  account text NOT NULL,
  slot text NOT NULL,
  urgency text NOT NULL,
  call text NOT NULL,
  expected text NOT NULL,
  expires_at bigint,
  nonce integer,
  first_sent bigint,
  withdrawn boolean NOT NULL,
  settled boolean NOT NULL,
  over boolean NOT NULL,
  tag text NOT NULL,
  state text NOT NULL,
  version integer NOT NULL,
  mined_block bigint,
  lease text NOT NULL,
  token bigint NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX intents_slot ON keel.intents (chain_id, slot) WHERE NOT settled;
--> statement-breakpoint
CREATE UNIQUE INDEX intents_nonce ON keel.intents (chain_id, account, nonce);
--> statement-breakpoint
CREATE TABLE keel.attempts (
  hash text PRIMARY KEY,
  intent_id text NOT NULL REFERENCES keel.intents,
  sequence integer NOT NULL,
  purpose text NOT NULL,
  raw text NOT NULL,
  fees text NOT NULL,
  gas numeric(78, 0) NOT NULL,
  lease text NOT NULL,
  token bigint NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX attempts_sequence ON keel.attempts (intent_id, sequence);
--> statement-breakpoint
CREATE TABLE keel.transitions (
  intent_id text NOT NULL REFERENCES keel.intents,
  version integer NOT NULL,
  tag text NOT NULL,
  state text NOT NULL,
  at bigint NOT NULL,
  lease text NOT NULL,
  token bigint NOT NULL,
  PRIMARY KEY (intent_id, version)
);
--> statement-breakpoint
CREATE TABLE keel.ticks (
  id bigserial PRIMARY KEY,
  market text NOT NULL,
  block bigint NOT NULL,
  block_hash text NOT NULL,
  at bigint NOT NULL,
  inputs text NOT NULL,
  decision text NOT NULL,
  result text NOT NULL,
  lease text NOT NULL,
  token bigint NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX ticks_market_block ON keel.ticks (market, block, id);
--> statement-breakpoint
CREATE TABLE keel.fills (
  tx text PRIMARY KEY,
  intent_id text,
  market text NOT NULL,
  block bigint NOT NULL,
  amount numeric(78, 0) NOT NULL,
  cash numeric(78, 0) NOT NULL,
  spot numeric(78, 0) NOT NULL,
  gas_used numeric(78, 0) NOT NULL,
  gas_cost numeric(78, 0) NOT NULL,
  at bigint NOT NULL,
  lease text NOT NULL,
  token bigint NOT NULL
);
--> statement-breakpoint
CREATE TABLE keel.marks (
  market text NOT NULL,
  block bigint NOT NULL,
  block_time bigint NOT NULL,
  spot double precision NOT NULL,
  nav double precision NOT NULL,
  value double precision NOT NULL,
  book_delta double precision NOT NULL,
  hedge_delta double precision NOT NULL,
  gamma double precision NOT NULL,
  weighted_vega double precision NOT NULL,
  lease text NOT NULL,
  token bigint NOT NULL,
  PRIMARY KEY (market, block)
);
--> statement-breakpoint
CREATE TABLE keel.attributions (
  market text NOT NULL,
  from_block bigint NOT NULL,
  to_block bigint NOT NULL,
  change numeric(78, 0) NOT NULL,
  parts text NOT NULL,
  lease text NOT NULL,
  token bigint NOT NULL,
  PRIMARY KEY (market, to_block)
);
--> statement-breakpoint
-- A host that was paused and wakes up still believes that it may act. The row lock makes a takeover wait for writes that
-- are under way, so that no write under the old token can end after the new one is given out.
CREATE FUNCTION keel.refuse_old_token() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  newest bigint;
BEGIN
  SELECT leases.token INTO newest FROM keel.leases WHERE leases.name = NEW.lease FOR SHARE;
  IF newest IS NULL OR newest <> NEW.token THEN
    RAISE EXCEPTION 'token % of lease % is not the newest, %', NEW.token, NEW.lease, coalesce(newest::text, 'none')
      USING ERRCODE = 'KF001';
  END IF;
  RETURN NEW;
END
$$;
--> statement-breakpoint
CREATE TRIGGER fence BEFORE INSERT OR UPDATE ON keel.intents FOR EACH ROW EXECUTE FUNCTION keel.refuse_old_token();
--> statement-breakpoint
CREATE TRIGGER fence BEFORE INSERT OR UPDATE ON keel.attempts FOR EACH ROW EXECUTE FUNCTION keel.refuse_old_token();
--> statement-breakpoint
CREATE TRIGGER fence BEFORE INSERT OR UPDATE ON keel.transitions FOR EACH ROW EXECUTE FUNCTION keel.refuse_old_token();
--> statement-breakpoint
CREATE TRIGGER fence BEFORE INSERT OR UPDATE ON keel.ticks FOR EACH ROW EXECUTE FUNCTION keel.refuse_old_token();
--> statement-breakpoint
CREATE TRIGGER fence BEFORE INSERT OR UPDATE ON keel.fills FOR EACH ROW EXECUTE FUNCTION keel.refuse_old_token();
--> statement-breakpoint
CREATE TRIGGER fence BEFORE INSERT OR UPDATE ON keel.marks FOR EACH ROW EXECUTE FUNCTION keel.refuse_old_token();
--> statement-breakpoint
CREATE TRIGGER fence BEFORE INSERT OR UPDATE ON keel.attributions FOR EACH ROW EXECUTE FUNCTION keel.refuse_old_token();
