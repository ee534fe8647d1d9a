// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Leg} from "../../../contracts/interfaces/Types.sol";
import {CHEATS} from "./Cheats.sol";
import {Heist} from "./Heist.sol";

/// @notice What a thief can do without a key, with any amount of money.
abstract contract ThiefActions is Heist {
    uint256 internal constant SMALLEST = 0.001e18;
    uint256 private constant LARGEST = 600e18;
    uint256 private constant HALVINGS = 6;
    int256 private constant NO_LIMIT = type(int256).max;

    error NoGain();

    function buy(uint256 input) external counted(input) {
        uint256 seed = _seed(input);
        uint256 id = _anySeries(seed);
        if (id == 0) return;
        if (_trade(_leg(id, int256(logarithmic(seed, SMALLEST, LARGEST))), seed >> 192)) ++done["buy"];
    }

    function sell(uint256 input) external counted(input) {
        uint256 seed = _seed(input);
        if (loot.length == 0) return;
        if (_sell(loot[(seed >> 216) % loot.length], seed)) ++done["sell"];
    }

    /// @dev Everything that he has, one series after the other: after a post it has to go fast.
    function sellAll(uint256 input) external counted(input) {
        uint256 seed = _seed(input);
        for (uint256 i = 0; i < loot.length && i < 8; ++i) {
            if (_sell(loot[(seed + i) % loot.length], seed | 1)) ++done["sell"];
        }
    }

    /// @dev Buys one series and sells another that he holds, or buys two.
    function spread(uint256 input) external counted(input) {
        uint256 seed = _seed(input);
        uint256 bought = _anySeries(seed);
        uint256 other = loot.length == 0 ? _anySeries(seed << 16) : loot[(seed >> 200) % loot.length];
        if (bought == 0 || other == 0 || bought == other) return;
        uint256 held = market.balanceOf(THIEF, other);
        Leg[] memory legs = new Leg[](2);
        legs[0] = Leg(bought, int256(logarithmic(seed, SMALLEST, LARGEST)));
        legs[1] = Leg(other, held < SMALLEST ? legs[0].quantity : -int256(logarithmic(seed, SMALLEST, held)));
        if (_trade(legs, seed >> 192)) ++done["spread"];
    }

    /// @dev The thief as an LP: in, out, or neither after all; what he can claim he does.
    function share(uint256 input) external counted(input) {
        uint256 seed = _seed(input);
        _claimShares(THIEF);
        _claimAssets(THIEF);
        uint256 shares = vault.balanceOf(THIEF);
        if (seed % 4 == 0) {
            CHEATS.prank(THIEF);
            try vault.cancelDepositRequest(THIEF, THIEF) {
                ++done["cancel"];
            } catch {}
        } else if (shares > 0 && (seed >> 2) % 2 == 0) {
            if (_redeem(THIEF, (seed >> 3) % 2 == 0 ? shares : logarithmic(seed, 1, shares))) ++done["redeem"];
        } else if (_deposit(THIEF, logarithmic(seed, 1e6, 10_000_000e6))) {
            ++done["deposit"];
        }
    }

    /// @dev An honest LP comes or goes, and the thief may be on the other side of that.
    function move(uint256 input) external counted(input) {
        uint256 seed = _seed(input);
        _claimShares(MOVER);
        _claimAssets(MOVER);
        (uint256 shares, uint256 assets) = (vault.balanceOf(MOVER), usdc.balanceOf(MOVER));
        if (shares > 0 && (assets == 0 || seed % 2 == 0)) {
            if (_redeem(MOVER, uniform(seed >> 8, 1, shares))) ++done["honest redeem"];
        } else if (assets > 0 && _deposit(MOVER, uniform(seed >> 8, 1, assets))) {
            ++done["honest deposit"];
        }
    }

    function processEpoch(uint256 input) external counted(input) {
        try vault.processEpoch() {
            ++done["epoch"];
        } catch {}
    }

    /// @dev For this block, or for the next ones too, up to twenty minutes.
    function pushPool(uint256 input) external counted(input) {
        uint256 seed = _seed(input);
        pushedTo = seed % 2 == 0 ? uniform(seed >> 8, 9_000, 11_000) : uniform(seed >> 8, 9_960, 10_040);
        pushedUntil = (seed >> 1) % 4 == 0 ? 0 : time + uniform(seed >> 32, 12, 20 minutes);
        _movePool((price * pushedTo) / BPS);
        ++done["push"];
    }

    function poke(uint256 input) external counted(input) {
        if (input % 2 == 0) vault.mark();
        else vault.followSurface();
        ++done["poke"];
    }

    /// @dev As much of it as he gets. @param options Bit 0: whether he takes no trade but one that gains, as he sees it; bit 1: whether he
    /// lets himself be owed what there is no cash for.
    function _trade(Leg[] memory legs, uint256 options) internal returns (bool) {
        for (uint256 i = 0; i < HALVINGS; ++i) {
            try this.tryTrade(legs, options % 2 == 0, (options >> 1) % 2 == 0) {
                return true;
            } catch (bytes memory reason) {
                if (bytes4(reason) == NoGain.selector && i > 2) return false;
            }
            for (uint256 j = 0; j < legs.length; ++j) legs[j].quantity /= 2;
        }
        return false;
    }

    function tryTrade(Leg[] memory legs, bool onlyForGain, bool mayBeOwed) external {
        assert(msg.sender == address(this));
        int256 before = _wealth().thief;
        CHEATS.prank(THIEF);
        if (mayBeOwed) market.tradeForClaim(legs, NO_LIMIT, THIEF, type(uint256).max);
        else market.trade(legs, NO_LIMIT, THIEF, type(uint256).max);
        for (uint256 i = 0; i < legs.length; ++i) _noteLoot(legs[i].id);
        if (onlyForGain && _wealth().thief <= before) revert NoGain();
    }

    function _sell(uint256 id, uint256 seed) private returns (bool) {
        uint256 held = market.balanceOf(THIEF, id);
        if (held < SMALLEST) return false;
        return _trade(_leg(id, -int256(seed % 2 == 1 ? held : logarithmic(seed, SMALLEST, held))), seed >> 192);
    }

    /// @dev Of any expiry that still trades; zero if there is none.
    function _anySeries(uint256 seed) internal view returns (uint256) {
        uint256[] memory open_ = vault.openExpiries();
        if (open_.length == 0) return 0;
        uint256 place = placeOf[open_[(seed >> 224) % open_.length]];
        uint256[] storage ids = listings[place - 1].ids;
        return ids[(seed >> 208) % ids.length];
    }

    function _leg(uint256 id, int256 quantity) private pure returns (Leg[] memory legs) {
        legs = new Leg[](1);
        legs[0] = Leg(id, quantity);
    }

    function _seed(uint256 input) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode(input)));
    }
}
