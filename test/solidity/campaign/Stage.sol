// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IOptionMarket} from "../../../contracts/interfaces/IOptionMarket.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IPriceOracle} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Leg} from "../../../contracts/interfaces/Types.sol";
import {Quoting} from "../../../contracts/libraries/Quoting.sol";
import {RiskLimits} from "../../../contracts/libraries/RiskLimits.sol";
import {Treasury} from "../../../contracts/libraries/Treasury.sol";
import {CHEATS} from "./Cheats.sol";
import {Intruder} from "./Intruder.sol";
import {World} from "./World.sol";

/// @notice The people of a campaign, what they have given away, and what they may be refused for.
/// @dev Nothing an actor does may revert but a refusal that is expected, which is caught: the campaigns run with
/// `failOnRevert`, so that an overflow or an error nobody has thought of is a finding and not a call that was lost.
abstract contract Stage is World {
    /// @notice Why a trade may be refused: only if it opens risk, or any.
    enum Refusal {
        NEVER,
        OPENING,
        ANY
    }

    uint256 internal constant WAD = 1e18;
    uint256 internal constant BPS = 10_000;
    int256 internal constant USDC_UNIT = 1e12;
    /// @dev WAD USDC: what scenarios are stored in.
    int256 internal constant CENT = 1e16;
    int256 internal constant NO_LIMIT = type(int256).max;
    uint256 internal constant EPOCH = 1 days;
    uint256 internal constant LP_DEPOSIT = 1_000_000e6;
    uint256 private constant PEOPLE = 3;

    address[] internal traders;
    address[] internal lps;
    /// @dev All who may hold options or shares: people, and contracts that somebody sent them to.
    address[] internal holders;
    /// @dev Trader and LP at once, and hostile.
    Intruder internal intruder;

    /// @notice USDC that contracts were given behind their backs.
    mapping(address account => uint256) public givenUsdc;
    uint256 public sharesGivenToVault;
    mapping(uint256 expiry => uint256) public exercisesOf;
    /// @notice Epochs processed, with each of which an LP may lose a unit to rounding.
    uint256 public fills;
    /// @notice What happened how often, so that no campaign can pass by doing nothing.
    mapping(string what => uint256) public done;

    mapping(bytes4 selector => Refusal) private refusals;
    mapping(bytes4 selector => string) private refusalNames;

    /// @notice Calls so far.
    uint256 public calls;

    /// @dev Whatever time the runner thinks it is.
    modifier onTime() {
        CHEATS.warp(time);
        ++calls;
        _;
    }

    function _gather() internal {
        intruder = new Intruder(vault, market);
        usdc.tell(address(intruder));
        for (uint256 i = 0; i < PEOPLE; ++i) {
            traders.push(address(uint160(0x72ade0 + i)));
            lps.push(address(uint160(0x1900 + i)));
            holders.push(traders[i]);
        }
        traders.push(address(intruder));
        lps.push(address(intruder));
        holders.push(address(intruder));
        holders.push(address(vault));
        holders.push(address(market));
        holders.push(address(hedge));
        for (uint256 i = 0; i < traders.length; ++i) {
            _fund(traders[i], address(market));
            _fund(lps[i], address(vault));
        }
        _nameRefusals();
    }

    /// @notice Deposits of every LP, claimed; two listed expiries.
    function _begin() internal {
        for (uint256 i = 0; i < lps.length; ++i) {
            CHEATS.prank(lps[i]);
            vault.requestDeposit(LP_DEPOSIT, lps[i], lps[i]);
        }
        _pass(1 days);
        _setPrice(price);
        vault.processEpoch();
        for (uint256 i = 0; i < lps.length; ++i) {
            CHEATS.prank(lps[i]);
            vault.deposit(LP_DEPOSIT, lps[i], lps[i]);
        }
        uint256 today = time - (time % 1 days) + EXPIRY_HOUR;
        uint256[] memory expiries = new uint256[](2);
        (expiries[0], expiries[1]) = (today + 4 days, today + 9 days);
        require(_post(expiries, 2, vol), "no first surface");
        _list(expiries[0]);
        _list(expiries[1]);
        intruder.want(listings[1].ids[0]);
    }

    function _fund(address account, address spender) private {
        usdc.mint(account, 1e24);
        CHEATS.prank(account);
        usdc.approve(spender, type(uint256).max);
    }

    function _nameRefusals() private {
        _mayRefuse(RiskLimits.VegaCapacityExceeded.selector, Refusal.OPENING, "vega capacity");
        _mayRefuse(RiskLimits.GammaCapacityExceeded.selector, Refusal.OPENING, "gamma capacity");
        _mayRefuse(RiskLimits.SeriesCapExceeded.selector, Refusal.OPENING, "series cap");
        _mayRefuse(RiskLimits.ExpiryCapExceeded.selector, Refusal.OPENING, "expiry cap");
        _mayRefuse(RiskLimits.StressLossTooLarge.selector, Refusal.OPENING, "stress");
        _mayRefuse(RiskLimits.VegaWindowExceeded.selector, Refusal.OPENING, "vega window");
        _mayRefuse(IOptionVault.OpeningPaused.selector, Refusal.OPENING, "paused");
        _mayRefuse(IOptionVault.DrawdownTooLarge.selector, Refusal.OPENING, "drawdown");
        _mayRefuse(Quoting.FeedStale.selector, Refusal.OPENING, "feed stale");
        _mayRefuse(Quoting.PricesDisagree.selector, Refusal.OPENING, "prices disagree");
        _mayRefuse(Quoting.NoCapacity.selector, Refusal.OPENING, "no capacity");
        _mayRefuse(Quoting.SurfaceStale.selector, Refusal.OPENING, "surface stale");
        _mayRefuse(Quoting.TradingClosed.selector, Refusal.ANY, "cut-off");
        _mayRefuse(IPriceOracle.StalePrice.selector, Refusal.ANY, "feed dead");
        _mayRefuse(Treasury.InsufficientCash.selector, Refusal.ANY, "cash");
    }

    function _mayRefuse(bytes4 selector, Refusal refusal, string memory name) private {
        refusals[selector] = refusal;
        refusalNames[selector] = string.concat("refused: ", name);
    }

    /// @dev A trade that was refused, for a reason that is one, and that holds.
    function _requireGoodReason(bytes memory reason, bool opens) internal {
        _requireKnownReason(reason, opens);
        bytes4 selector = bytes4(reason);
        if (selector == Treasury.InsufficientCash.selector) _requireNoCash(reason);
        if (selector == Quoting.NoCapacity.selector) {
            require(vault.exposureAt(price).vegaCapacity == 0, "there was capacity");
        }
    }

    /// @dev For a refusal in the middle of what was then undone: whether it held can no longer be seen.
    function _requireKnownReason(bytes memory reason, bool opens) internal {
        bytes4 selector = bytes4(reason);
        Refusal refusal = refusals[selector];
        require(refusal == Refusal.ANY || (opens && refusal == Refusal.OPENING), _hex("refused for", reason));
        ++done[refusalNames[selector]];
    }

    /// @dev Nobody is told that there is too little cash while there is enough.
    function _requireNoCash(bytes memory reason) internal view {
        require(bytes4(reason) == Treasury.InsufficientCash.selector, _hex("no cash, but", reason));
        (uint256 needed, uint256 available) = _twoArguments(reason);
        require(needed > available && available >= vault.freeCash(), "cash was there");
    }

    /// @dev Runners like small numbers; the actions draw from all bits.
    function _seed(uint256 input) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(input)));
    }

    /// @dev Too old to value the vault by.
    function _isFeedDead() internal view returns (bool) {
        (, , , uint256 updatedAt, ) = feed.latestRoundData();
        return time - updatedAt > FEED_MAX_AGE;
    }

    function _actor(address[] storage people, uint256 seed) internal view returns (address) {
        return people[(seed >> 240) % people.length];
    }

    /// @dev Now and then the contracts themselves.
    function _recipient(address trader, uint256 seed) internal view returns (address) {
        return (seed >> 232) % 16 == 0 ? holders[traders.length + ((seed >> 224) % 3)] : trader;
    }

    /// @dev A series of an expiry that has not passed; zero if there is none.
    function _openSeries(uint256 seed) internal view returns (uint256) {
        uint256 first = _firstOpen();
        uint256 count = listings.length - first;
        if (count == 0) return 0;
        return listings[first + ((seed >> 216) % count)].ids[(seed >> 208) % 4];
    }

    /// @dev Index of the first listing that has not expired: they are in ascending order.
    function _firstOpen() internal view returns (uint256 i) {
        i = listings.length;
        while (i > 0 && listings[i - 1].expiry > time) --i;
    }

    /// @dev A series of which `trader` holds some, among the open ones, starting anywhere.
    function _heldSeries(address trader, uint256 seed) internal view returns (uint256 id, uint256 held) {
        uint256 first = _firstOpen();
        uint256 count = 4 * (listings.length - first);
        for (uint256 i = 0; i < count; ++i) {
            uint256 place = ((seed >> 216) + i) % count;
            id = listings[first + place / 4].ids[place % 4];
            held = market.balanceOf(trader, id);
            if (held > 0) return (id, held);
        }
        return (0, 0);
    }

    function _leg(uint256 id, int256 quantity) internal pure returns (Leg[] memory legs) {
        legs = new Leg[](1);
        legs[0] = Leg(id, quantity);
    }

    function _legs(uint256 a, int256 p, uint256 b, int256 q) internal pure returns (Leg[] memory legs) {
        legs = new Leg[](2);
        (legs[0], legs[1]) = (Leg(a, p), Leg(b, q));
    }

    function _twoArguments(bytes memory reason) private pure returns (uint256 a, uint256 b) {
        assembly ("memory-safe") {
            a := mload(add(reason, 36))
            b := mload(add(reason, 68))
        }
    }

    /// @dev `what` and the error's selector, to find out which it was.
    function _hex(string memory what, bytes memory reason) internal pure returns (string memory) {
        bytes memory digits = "0123456789abcdef";
        bytes memory text = new bytes(8);
        for (uint256 i = 0; i < 4 && i < reason.length; ++i) {
            text[2 * i] = digits[uint8(reason[i]) >> 4];
            text[2 * i + 1] = digits[uint8(reason[i]) & 15];
        }
        return string.concat(what, " 0x", string(text));
    }
}
