// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

/// @title Where traders buy, sell back and exercise options
/// @notice Long positions are ERC-6909 tokens of this contract, one id per series (see SeriesId), 18 decimals.
/// Prices in WAD USDC per contract of one underlying; cash in USDC (6 decimals), positive when the trader pays.
interface IOptionMarket {
    /// @notice One line of a trade. @param quantity WAD contracts: positive buys from the vault, negative sells back.
    struct Leg {
        uint256 id;
        int256 quantity;
    }

    /// @notice What a trade costs, by component, WAD USDC; positive costs the trader.
    /// @param mid Σ quantity · mid price at the dearer end of the spot range.
    /// @param inventory The curve's charge for using up vega capacity, or its rebate for freeing it.
    /// @param hedging Expected cost of hedging the delta that the trade adds.
    /// @param spread Half-spread on the gross vega. @param fees Trading fees.
    /// @param total USDC, 6 decimals, rounded up: after bounds (never cheaper than mid and fees, a buyer pays at
    /// least intrinsic value, a pure sale never costs). @param spot The end of the range that was dearer.
    struct Quote {
        int256 mid;
        int256 inventory;
        uint256 hedging;
        uint256 spread;
        uint256 fees;
        int256 total;
        uint256 spot;
    }

    /// @param maxSkew Vol points (WAD) off mid at full vega capacity. @param spreadVol Half-spread in vol points (WAD).
    /// @param hedgeCostBps Half-spread of the hedging venue. @param feeBps Fee in basis points of spot.
    /// @param feeCapBps Cap of the fee in basis points of premium. @param minFee Least fee per contract, WAD USDC.
    /// @param minQuantity Smallest leg, WAD contracts. @param cutOff Seconds before expiry at which trading closes.
    struct Pricing {
        uint64 maxSkew;
        uint64 spreadVol;
        uint32 hedgeCostBps;
        uint32 feeBps;
        uint32 feeCapBps;
        uint64 minFee;
        uint64 minQuantity;
        uint32 cutOff;
    }

    event Traded(address indexed trader, address indexed recipient, Leg[] legs, Quote quote);
    event Settled(uint256 indexed expiry, uint80 roundId, uint256 price);
    event Exercised(
        address indexed holder,
        address indexed recipient,
        uint256 indexed id,
        uint256 quantity,
        uint256 assets
    );
    event PricingSet(Pricing pricing);

    error DeadlinePassed(uint256 deadline, uint256 time);
    error CostAboveLimit(int256 cash, int256 limit);
    error NoLegs();
    error QuantityTooSmall(uint256 id, int256 quantity, uint256 minimum);
    error TradingClosed(uint256 id, uint256 closedAt);
    error AlreadySettled(uint256 expiry);
    error NotSettled(uint256 expiry);
    error InvalidPricing(string what);
    error ExpiryInPast(uint256 expiry);

    /// @notice Buys and sells back in one call: all legs or none, for at most `cashLimit` in all, fees included.
    /// @param cashLimit USDC: the most the trader pays, or if negative minus the least it must get.
    /// @param recipient Gets bought tokens and any cash; sold tokens and paid cash come from the caller.
    /// @param deadline Unix seconds after which the trade is refused.
    /// @return cash USDC that the trader paid (negative: got).
    function trade(
        Leg[] calldata legs,
        int256 cashLimit,
        address recipient,
        uint256 deadline
    ) external returns (int256 cash);

    /// @notice What `trade` would cost now.
    function quote(Leg[] calldata legs) external view returns (Quote memory);

    function pricing() external view returns (Pricing memory);

    /// @notice Lists a call and a put at each strike of an expiry. Role: LISTER.
    function listSeries(uint256 expiry, uint256[] calldata strikes) external;

    /// @notice Fixes the settlement price of an expiry from the first Chainlink round at or after it. Anyone may call.
    function settle(uint256 expiry, uint80 roundId) external returns (uint256 price);

    /// @notice Burns `quantity` of the caller's tokens of a settled series and pays their pay-off, rounded down.
    /// @return assets USDC paid to `recipient`.
    function exercise(uint256 id, uint256 quantity, address recipient) external returns (uint256 assets);
}
