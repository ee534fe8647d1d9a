// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IOptionVault} from "./IOptionVault.sol";
import {Mark, Slice} from "./Types.sol";

/// @title A whole market in one call
/// @notice For apps, bots and the keeper: one `eth_call` reads the state of one block, whatever its age or the feed's.
/// Nothing reverts for want of a price: a part that cannot be known says so with a flag and is zero. The Lens owns
/// nothing and no contract trusts it; another can be deployed at any time.
/// Units as everywhere: WAD, but USDC amounts with 6 decimals where it says so, shares with 18, times in unix seconds.
interface ILens {
    /// @param priced There is a price, at most `lastResortAge` old: holders can close. @param stale It is older than
    /// `maxAge`: nothing is opened, and the vault is not valued. @param ranged Trades can be priced; if not,
    /// @param refusal is the selector of the oracle's error, and `low` and `high` are zero.
    struct OracleState {
        bool priced;
        bool stale;
        bool ranged;
        bytes4 refusal;
        uint256 spot;
        uint256 low;
        uint256 high;
        uint256 updatedAt;
    }

    /// @notice USDC with 6 decimals unless it says otherwise. @param freeCash Cash beyond what is owed.
    /// @param shortfall What is owed beyond the cash at hand. @param queuedAssets Deposits that wait.
    /// @param setAside For filled redemptions, until claimed. @param queuedShares Shares whose redemption waits.
    /// @param shares All there are.
    struct PoolAccounts {
        uint256 cash;
        uint256 owed;
        uint256 insurance;
        uint256 freeCash;
        uint256 shortfall;
        uint256 queuedAssets;
        uint256 setAside;
        uint256 queuedShares;
        uint256 shares;
    }

    /// @notice What the pool is worth, WAD USDC. @param valued Whether the rest is known; what is not is zero, but
    /// @param totalAssets which is ERC-4626's, USDC with 6 decimals, and then counts by the last mark's spot.
    /// @param nav Exact, with `greeks`. @param bid,ask What redemptions and deposits of an epoch processed now would
    /// count with, while no reference lags behind what is posted (EpochEngine). @param shareValue Per share, 12 decimals, and @param peak its
    /// peak, which is always known, as is @param floor, the NAV below which nothing new is opened in this epoch.
    struct NavState {
        bool valued;
        uint256 totalAssets;
        int256 nav;
        int256 bid;
        int256 ask;
        uint256 shareValue;
        uint256 peak;
        int256 floor;
    }

    /// @notice Why nothing can be opened now; closing goes on. Each slice's age is a breaker too: see ExpiryState.
    /// @param paused A guardian's. @param stale The feed is, or there is no price. @param disagreement Feed and DEX lie too far apart.
    /// @param drawdown NAV is below its floor; false while the pool is not valued.
    struct Breakers {
        bool paused;
        bool stale;
        bool disagreement;
        bool drawdown;
    }

    /// @notice What the limits leave for new risk, WAD USDC, before any trade; zero while the pool is not valued.
    /// @param vega Net weighted vega per 1.00 of vol until its capacity, @param vegaWindow and until the window is used up.
    /// @param gamma Notional of the change of delta per 1 % of spot. @param stress What is left in the worst scenario beyond the
    /// reserve; negative: nothing that makes it worse goes through.
    struct Headroom {
        uint256 vega;
        uint256 vegaWindow;
        uint256 gamma;
        int256 stress;
    }

    /// @param tradesUntil The cut-off. @param contracts Short in all its series. @param left How many more its cap allows.
    /// @param hasSlice False once it has expired. @param slice,postedAt,forward From the surface.
    /// @param surfaceStale Too old for opening.
    struct ExpiryState {
        uint256 expiry;
        uint256 tradesUntil;
        uint256 contracts;
        uint256 left;
        bool hasSlice;
        bool surfaceStale;
        uint256 postedAt;
        uint256 forward;
        Slice slice;
    }

    /// @notice What a trade of one leg would be priced at, USDC with 6 decimals for the whole size.
    /// @param total Positive costs the trader. @param refusal Zero, or the selector of the error for which there is no
    /// price; then `total` is zero. Limits are not asked: see `Headroom`, `left`, and `OptionMarket.quote`.
    struct Price {
        int256 total;
        bytes4 refusal;
    }

    /// @param open Contracts that the vault is short. @param left How many more the caps of series and expiry allow.
    /// @param buy,sell Prices of the size that was asked for. @param mid Of one contract at the oracle's spot, as the
    /// next four. @param vol Implied. @param delta,gamma By spot. @param vega Per 1.00 of vol.
    struct SeriesState {
        uint256 id;
        string name;
        uint256 expiry;
        uint256 strike;
        bool isCall;
        uint256 open;
        uint256 left;
        Price buy;
        Price sell;
        uint256 mid;
        uint256 vol;
        int256 delta;
        uint256 gamma;
        uint256 vega;
    }

    /// @param underlying Symbol, as in the series' names. @param exposure As a trade at the oracle's spot is judged by: at the stored
    /// mark while that is fresh. @param greeks Of the book, exact at this block. @param scenarios NAV in each stress
    /// scenario. @param worst The worst of them. @param ids,quantities Every listed series of every open expiry with the vault's
    /// position in it, negative when short.
    struct MarketState {
        uint256 blockNumber;
        uint256 time;
        string underlying;
        OracleState oracle;
        PoolAccounts accounts;
        uint256 epoch;
        uint256 epochEndsAt;
        NavState worth;
        Breakers breakers;
        Headroom room;
        IOptionVault.Exposure exposure;
        Mark greeks;
        int256[12] scenarios;
        uint256 worst;
        ExpiryState[] expiries;
        uint256[] ids;
        int256[] quantities;
    }

    /// @param balance Contracts. @param settlementPrice Zero before. @param claimable What `exercise` would pay now, USDC
    /// with 6 decimals.
    struct Holding {
        uint256 id;
        string name;
        uint256 balance;
        uint256 settlementPrice;
        uint256 claimable;
    }

    /// @notice USDC with 6 decimals, shares with 18. @param pendingAssets,pendingShares Of its requests, not filled.
    /// @param claimableShares Of filled deposits. @param claimableAssets Of filled redemptions.
    struct AccountState {
        uint256 usdc;
        uint256 shares;
        uint256 pendingAssets;
        uint256 claimableShares;
        uint256 pendingShares;
        uint256 claimableAssets;
        bool autoExercise;
        Holding[] holdings;
    }

    /// @notice The vault that is looked at; its market, oracle, surface and hedge are found through it.
    function vault() external view returns (IOptionVault);

    /// @notice The market's state, and prices and Greeks of a page of its series.
    /// @param size Contracts (WAD) that are priced. @param from Index into `ids` of the first series of the page.
    /// @param count Length of the page, cut at the end: zero for none, the largest number for all.
    function marketState(
        uint256 size,
        uint256 from,
        uint256 count
    ) external view returns (MarketState memory state, SeriesState[] memory page);

    /// @notice What an account has in this market. @param ids The series to look for, listed or settled: all that it may
    /// hold are in the market's `Transfer` events.
    function accountState(address account, uint256[] calldata ids) external view returns (AccountState memory);
}
