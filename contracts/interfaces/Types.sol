// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

// What the interfaces speak of. Units: WAD (1e18) unless it says otherwise, times in unix seconds.

/// @notice One line of a trade. @param quantity WAD contracts, from the trader's side: positive buys from the vault.
struct Leg {
    uint256 id;
    int256 quantity;
}

/// @notice What a trade costs, by component, WAD USDC; positive costs the trader.
/// @param mid Σ quantity · mid price at `spot`.
/// @param inventory The curve's charge for using up vega capacity, or its rebate for freeing it.
/// @param hedging Expected cost of hedging the delta that the trade adds, and what delta costs more the more of it was traded
/// lately in the same direction (TradedDelta.impact).
/// @param spread Half-spread on the vega of each leg. @param lag What the references, which follow posted slices slowly, make it
/// dearer (IVolSurface). @param capital LPs' rate on capital that what is bought binds, see
/// Capital. Never a rebate. @param fees Trading fees, as far as a sale's proceeds cover them.
/// @param total USDC, 6 decimals, rounded up: after bounds (never cheaper than mid, capital and fees, a buyer pays at
/// least intrinsic value, a pure sale never costs). @param spot Where it was dearest.
struct Quote {
    int256 mid;
    int256 inventory;
    uint256 hedging;
    uint256 spread;
    uint256 lag;
    uint256 capital;
    uint256 fees;
    int256 total;
    uint256 spot;
}

/// @notice The parts of the half-spread, vol points (WAD): always; per day of the surface's age; with the vega
/// capacity used up; at expiry, growing linearly over the last week.
struct SpreadParams {
    uint64 base;
    uint64 agePerDay;
    uint64 atCapacity;
    uint64 atExpiry;
}

/// @notice The market's terms, two slots.
/// @param spread The parts of the half-spread, in vol points.
/// @param maxSkew Vol points (WAD) off mid at full vega capacity. @param minQuantity Smallest leg, WAD contracts.
/// @param minFee Least fee per contract, USDC with 6 decimals. @param hedgeCostBps Half-spread of the hedging venue.
/// @param feeBps Fee in basis points of spot. @param feeCapBps Cap of the fee in basis points of premium.
/// @param maxDispersionBps How far the highest price may lie above the lowest for anything to be opened.
/// @param cutOff Seconds before expiry at which trading closes.
/// @param maxSurfaceAge Seconds after which a slice serves for closing only.
struct Pricing {
    SpreadParams spread;
    uint64 maxSkew;
    uint64 minQuantity;
    uint24 minFee;
    uint16 hedgeCostBps;
    uint8 feeBps;
    uint16 feeCapBps;
    uint16 maxDispersionBps;
    uint24 cutOff;
    uint24 maxSurfaceAge;
}

/// @notice The same as the market keeps it and hands it on. @param packedSpread See QuoteCurve.pack. @param rules The other
/// fields, from the lowest bit in their order above.
struct PackedPricing {
    uint256 packedSpread;
    uint256 rules;
}

/// @param minStrikeBps,maxStrikeBps Range of strikes in basis points of spot.
/// @param hour Seconds after midnight UTC at which series expire.
/// @param dailies Seconds ahead within which any day will do. @param maxTenor Seconds ahead at most.
struct ListingLimits {
    uint32 minStrikeBps;
    uint32 maxStrikeBps;
    uint32 hour;
    uint32 dailies;
    uint32 maxTenor;
}

/// @param atmVol σ₀ > 0, the vol at the money
/// @param skew ρ, between −1 and 1 exclusive
/// @param curvature φ ≥ 0
/// @param carry b, the forward's annual growth over spot: forward = spot·exp(b·T)
struct Slice {
    uint256 atmVol;
    int256 skew;
    uint256 curvature;
    int256 carry;
}

/// @notice Three slots, of which a trade writes two.
/// @param value WAD USDC. @param delta WAD units of underlying. @param grossVega Plain vega in absolute sum, USDC with 6
/// decimals, per 1.00 of vol. @param gamma WAD, change of delta per USDC of spot. @param weightedVega WAD USDC per 1.00
/// of vol, weighted by tenor. @param vegaAdded What trades had lately added to net weighted vega when the last one did,
/// whole USDC, at @param vegaAddedAt Unix seconds. @param spot WAD. @param time Unix seconds; zero: there is no mark.
/// @param surfaceVersion Of the surface that was read, its last 24 bits. @param hasScenarios Whether the stress grid was
/// worked out with it, and goes with it. @param inventory The hedge, units of underlying (WAD), as the desk last said;
/// UNKNOWN when that is not all of it.
struct Mark {
    int96 value;
    int96 delta;
    uint64 grossVega;
    int96 gamma;
    int96 weightedVega;
    uint32 vegaAdded;
    uint32 vegaAddedAt;
    uint96 spot;
    uint40 time;
    uint24 surfaceVersion;
    bool hasScenarios;
    uint88 inventory;
}

/// @notice One slot. @param delta What trades added at `time` (unix seconds) at the mark's spot, in millionths of the underlying,
/// and @param gamma to gamma, in units of 1e9 (WAD per USDC of spot). @param time Of the last trade.
/// @param turnover |delta| of all trades at the marks' spots, and @param paid what their quotes charged for its hedge: in cents,
/// counted up for ever and around the end of the type; only differences mean anything.
/// @param bought,sold Delta that traders have bought and sold lately, as of `time`, whole USDC: see `recent`.
struct TradedFlow {
    int48 delta;
    int40 gamma;
    uint32 time;
    uint40 turnover;
    uint32 paid;
    uint32 bought;
    uint32 sold;
}

/// @dev One slot. Short contracts not yet paid (WAD); settlement price (WAD, zero before); USDC owed (6 decimals); how
/// many series are listed.
struct ExpiryTotals {
    uint88 contracts;
    uint96 settlementPrice;
    uint64 owed;
    uint8 listed;
}

/// @notice Shares are in basis points of NAV unless said otherwise. Two slots, of which a trade reads the first.
/// @param vegaCapacityBps Capacity for net weighted vega per 1.00 of vol.
/// @param gammaCapacityBps How much a move of spot by 1 % may change the delta's notional.
/// @param seriesCapBps Notional of short contracts in one series. @param expiryCapBps In one expiry.
/// @param reserveBps What must be left of NAV in the worst scenario.
/// @param maxMarkAge Seconds after which a mark is stale. @param maxMarkMoveBps Move of spot after which it is.
/// @param maxDrawdownBps Fall of NAV per share below its peak at which nothing new may be opened, from the next epoch on.
/// @param insuranceShareBps Share of fees that goes to the insurance reserve. @param insuranceTargetBps Share of NAV
/// up to which the reserve is filled. It pays holders what the pool cannot, and no LP.
/// @param vegaWindow Seconds in which the vega window refills. @param vegaWindowBps Share of the vega capacity that
/// trades may add within that time.
/// @param spreadVol Half-spread for NAV: the book's bid and ask lie this many vol points (WAD) from its mark.
/// @param epochLength Seconds between two epochs, at least. @param surfaceLossBps What posted surfaces may cost LPs in any 24
/// hours: see SurfaceBudget. @param capitalRateBps What LPs charge a year for capital that a trade binds, basis points of it: see
/// Capital.
struct VaultLimits {
    uint24 vegaCapacityBps;
    uint24 gammaCapacityBps;
    uint24 seriesCapBps;
    uint24 expiryCapBps;
    uint16 reserveBps;
    uint24 maxMarkAge;
    uint16 maxMarkMoveBps;
    uint16 maxDrawdownBps;
    uint16 insuranceShareBps;
    uint16 insuranceTargetBps;
    uint24 vegaWindow;
    uint24 vegaWindowBps;
    uint64 spreadVol;
    uint32 epochLength;
    uint16 surfaceLossBps;
    uint24 capitalRateBps;
}
