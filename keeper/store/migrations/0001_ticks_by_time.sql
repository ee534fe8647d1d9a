CREATE INDEX ticks_market_at ON keel.ticks (market, at);
