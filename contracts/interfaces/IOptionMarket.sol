// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IOptionVault} from "./IOptionVault.sol";
import {IPriceOracle} from "./IPriceOracle.sol";
import {Leg, ListingLimits, Pricing, Quote} from "./Types.sol";

/// @title Where traders buy, sell back and exercise options
/// @notice Long positions are ERC-6909 tokens of this contract, one id per series (see SeriesId), 18 decimals, with names
/// like WETH-27NOV26-3000-C. Prices in WAD USDC per contract of one underlying; cash in USDC (6 decimals), positive when the
/// trader pays.
interface IOptionMarket {
    /// @param insured USDC of the fees that went on to the insurance reserve: `quote.total` less this is the pool's.
    event Traded(address indexed trader, address indexed recipient, Leg[] legs, Quote quote, uint256 insured);
    event Settled(uint256 indexed expiry, uint80 roundId, uint256 price);
    /// @notice The governor settled an expiry that no round could.
    event SettledWithoutFeed(uint256 indexed expiry, uint256 price);
    event Exercised(
        address indexed holder,
        address indexed recipient,
        uint256 indexed id,
        uint256 quantity,
        uint256 assets
    );
    /// @notice A holder could not be paid and keeps the tokens; the others of the batch were.
    event ExerciseFailed(address indexed holder, uint256 indexed id, bytes reason);
    event AutoExerciseSet(address indexed holder, bool allowed);
    event PricingSet(Pricing pricing);
    event ListingSet(ListingLimits listing);

    error DeadlinePassed(uint256 deadline, uint256 time);
    error CostAboveLimit(int256 cash, int256 limit);
    error AlreadySettled(uint256 expiry);
    error FallbackTooEarly(uint256 expiry, uint256 earliest);
    error InvalidPrice(uint256 price);
    error AutoExerciseNotAllowed(address holder);
    error InvalidPricing(string what);

    /// @notice Buys and sells back in one call: all legs or none, for at most `cashLimit` in all, fees included. Reverts with
    /// errors of this interface, Quoting, RiskLimits, Book, Treasury and IOptionVault.
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
    /// @notice The same, but that proceeds for which the pool has too little cash, since it is in the hedge, are owed to the
    /// recipient: see IOptionVault.claimProceeds. For sales alone.
    function tradeForClaim(
        Leg[] calldata legs,
        int256 cashLimit,
        address recipient,
        uint256 deadline
    ) external returns (int256 cash);

    /// @notice What `trade` would cost now, and the vault's exposure after it. Reverts as `trade` would.
    function quote(Leg[] calldata legs) external view returns (Quote memory, IOptionVault.Exposure memory afterwards);

    /// @notice What `legs` would be priced at with this reading of the oracle and this exposure of the vault: for whoever prices
    /// many trades at one moment. Limits are not asked, so a trade at this price may still be refused. Legs in the same series or expiry
    /// are charged for its caps each by itself.
    /// @param navs NAV in each scenario, see IOptionVault.stressAt: by them the charge for capital is known.
    function quoteAt(
        Leg[] calldata legs,
        IPriceOracle.Reading calldata reading,
        IOptionVault.Exposure calldata exposure,
        int256[12] calldata navs
    ) external view returns (Quote memory);

    /// @notice Symbol of the underlying, as it stands in the names of series.
    function underlying() external view returns (string memory);
    function pricing() external view returns (Pricing memory);
    function listing() external view returns (ListingLimits memory);

    /// @notice Lists a call and a put at each strike of an expiry. Role: LISTER.
    function listSeries(uint256 expiry, uint256[] calldata strikes) external;

    /// @notice Takes series that nobody holds off the list. Role: LISTER.
    function delistSeries(uint256[] calldata ids) external;

    /// @notice Fixes the settlement price of an expiry from the first Chainlink round at or after it. Anyone may call.
    function settle(uint256 expiry, uint80 roundId) external returns (uint256 price);

    /// @notice Fixes the price of an expiry that could not be settled by a round for `FALLBACK_DELAY`, because the feed has
    /// died. The call itself is announced and delayed as all of the governor's. Role: GOVERNOR.
    /// @param price WAD USDC.
    function settleWithoutFeed(uint256 expiry, uint256 price) external;

    /// @notice Burns `quantity` of the caller's tokens of a settled series and pays their pay-off, rounded down.
    /// @return assets USDC paid to `recipient`.
    function exercise(uint256 id, uint256 quantity, address recipient) external returns (uint256 assets);

    /// @notice Lets anyone exercise the caller's tokens once they are settled, to the caller's own account.
    function setAutoExercise(bool allowed) external;
    function autoExercise(address holder) external view returns (bool);

    /// @notice Exercises all that each holder, who must have allowed it, has of a settled series, and pays each. One who cannot be
    /// paid keeps the tokens and holds up nobody.
    function exerciseFor(uint256 id, address[] calldata holders) external;
}
