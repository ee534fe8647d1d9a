// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";
import {IPriceOracle} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Mark} from "../../../contracts/interfaces/Types.sol";
import {LpActions} from "./LpActions.sol";

/// @notice Epochs, processed by nobody in particular, and what they may do to the worth of a share.
abstract contract EpochActions is LpActions {
    uint256 private constant VIRTUAL_SHARES = 1e12;
    uint256 private constant UNIT = 1e12;

    /// @dev The pool around an epoch. `supply` with the virtual shares, `net` is NAV in WAD, the rest in units.
    struct Pool {
        int256 net;
        uint256 supply;
        uint256 assetsIn;
        uint256 sharesIn;
        uint256 reserved;
        uint256 insurance;
    }

    uint256 private constant SURFACE_MAX_AGE = 12 hours;

    /// @dev Of every LP: what waits.
    struct Queue {
        uint256[] assetsIn;
        uint256[] sharesIn;
    }

    /// @dev Works whenever the epoch is over, all that has expired is settled, and the feed lives; else says why not.
    function processEpoch(uint256) external onTime {
        _processEpoch();
    }

    function _processEpoch() internal returns (bool) {
        bytes4 obstacle = _obstacle();
        if (obstacle != 0) {
            try vault.processEpoch() {
                revert("an epoch was processed that could not be");
            } catch (bytes memory reason) {
                require(bytes4(reason) == obstacle, _hex("epoch refused for", reason));
                ++done["epoch refused"];
            }
            return false;
        }
        Mark memory m = vault.mark();
        Pool memory a = _pool();
        Queue memory waiting = _queue();
        bool isExact = !_lags() && _oldestSlice() <= SURFACE_MAX_AGE;
        try vault.processEpoch() {} catch (bytes memory reason) {
            // What is posted and what the references say are far apart: it waits, for a whole epoch at most.
            bool isUnsettled = bytes4(reason) == IOptionVault.EpochSurfaceUnsettled.selector;
            require(isUnsettled && _lags() && !_isOverdue(), _hex("epoch refused for", reason));
            ++done["epoch unsettled"];
            return false;
        }
        Pool memory b = _pool();
        // As the vault works it out: gross vega has 6 decimals.
        int256 halfSpread = int256((uint256(m.grossVega) * vault.limits().spreadVol) / 1e6);
        uint256 lead = SignedMath.abs(int256(oracle.averageNear(m.spot)) - int256(uint256(m.spot)));
        (int256 base, ) = hedge.position();
        halfSpread += int256((SignedMath.abs(m.delta + base) * lead) / 1e18);
        _requireFairShares(a, b, halfSpread, isExact);
        _requireEqualParts(a, b, waiting);
        ++fills;
        ++done["processEpoch"];
        if (b.reserved > a.reserved) ++done["redemptions filled"];
        if (b.assetsIn < a.assetsIn) ++done["deposits filled"];
        return true;
    }

    function _obstacle() private view returns (bytes4) {
        if (_isFeedDead()) return IPriceOracle.StalePrice.selector;
        if (time < vault.epochEndsAt()) return IOptionVault.EpochOpen.selector;
        uint256[] memory open = vault.openExpiries();
        for (uint256 i = 0; i < open.length; ++i) {
            if (vault.expiryOf(open[i]).contracts == 0) continue;
            if (open[i] <= time) return IOptionVault.ExpiryUnsettled.selector;
            if (_isOverdue()) continue;
            if (time - surface.quoted(open[i]).updatedAt > SURFACE_MAX_AGE) {
                return IOptionVault.EpochSurfaceStale.selector;
            }
        }
        return bytes4(0);
    }

    function _isOverdue() private view returns (bool) {
        return time >= vault.epochEndsAt() + vault.limits().epochLength;
    }

    /// @dev Age of the oldest slice by which people hold options.
    function _oldestSlice() private view returns (uint256 oldest) {
        uint256[] memory open = vault.openExpiries();
        for (uint256 i = 0; i < open.length; ++i) {
            if (vault.expiryOf(open[i]).contracts == 0 || open[i] <= time) continue;
            oldest = Math.max(oldest, time - surface.quoted(open[i]).updatedAt);
        }
    }

    /// @dev Whether any reference is not what is posted: then who comes pays more than the posted price, and who leaves gets less.
    function _lags() private view returns (bool) {
        uint256[] memory open = vault.openExpiries();
        for (uint256 i = 0; i < open.length; ++i) {
            if (open[i] > time && surface.quoted(open[i]).lags) return true;
        }
        return false;
    }

    function _pool() private view returns (Pool memory p) {
        p.net = vault.nav();
        p.supply = vault.totalSupply() + VIRTUAL_SHARES;
        (p.assetsIn, p.sharesIn) = vault.pendingTotals();
        p.reserved = vault.reservedForRedemptions();
        p.insurance = vault.insurance();
    }

    function _queue() private view returns (Queue memory q) {
        q.assetsIn = new uint256[](lps.length);
        q.sharesIn = new uint256[](lps.length);
        for (uint256 i = 0; i < lps.length; ++i) {
            q.assetsIn[i] = vault.pendingDepositRequest(0, lps[i]);
            q.sharesIn[i] = vault.pendingRedeemRequest(0, lps[i]);
        }
    }

    /// @dev Who stays never loses by who comes or goes, and who comes or goes pays the spread and no more.
    function _requireFairShares(Pool memory a, Pool memory b, int256 halfSpread, bool isExact) private pure {
        uint256 filled = a.assetsIn - b.assetsIn;
        uint256 burned = a.sharesIn - b.sharesIn;
        uint256 minted = b.supply + burned - a.supply;
        uint256 paid = b.reserved - a.reserved;
        require(a.insurance == b.insurance, "the reserve is no LP's");
        int256 mid = a.net;
        if (filled > 0) {
            require(minted > 0, "assets in, no shares out");
            uint256 ask = Math.max(uint256(mid + halfSpread), 1);
            // minted <= filled · supply / (ask + 1 unit), within rounding of a share and a unit
            require(minted <= Math.mulDiv(filled * UNIT, a.supply, ask), "shares were sold too cheap");
            require(
                minted + 1 + minted / 1e6 >= Math.mulDiv(filled * UNIT, a.supply, ask + 2 * UNIT) ||
                    filled * UNIT < 1e6 * UNIT ||
                    !isExact,
                "shares were sold too dear"
            );
        }
        if (burned > 0) {
            int256 bid = mid - halfSpread;
            require(bid > 0, "shares were bought by a pool without worth");
            require(
                paid * UNIT <= Math.mulDiv(burned + 1, uint256(bid) + UNIT, a.supply, Math.Rounding.Ceil),
                "shares were bought too dear"
            );
            require(
                (paid + 2) * UNIT + Math.mulDiv(2 * UNIT, burned, a.supply) >=
                    Math.mulDiv(burned, uint256(bid), a.supply) ||
                    !isExact,
                "shares were bought too cheap"
            );
        }
        if (a.net < 0 || b.net < 0) {
            require(b.net + int256(UNIT) >= a.net, "a pool under water sank deeper");
            return;
        }
        // What a share is worth to who stays: never less, within a unit of USDC over all shares.
        uint256 before = Math.mulDiv(uint256(a.net), 1e18, a.supply);
        uint256 least = Math.mulDiv(uint256(b.net) + 2 * UNIT, 1e18, b.supply, Math.Rounding.Ceil);
        require(least >= before, "those who stayed have lost");
    }

    /// @dev All requests are filled in the same proportion, within a unit.
    function _requireEqualParts(Pool memory a, Pool memory b, Queue memory before) private view {
        Queue memory q = _queue();
        for (uint256 i = 0; i < lps.length; ++i) {
            _requirePart(before.assetsIn[i], q.assetsIn[i], a.assetsIn, b.assetsIn);
            _requirePart(before.sharesIn[i], q.sharesIn[i], a.sharesIn, b.sharesIn);
        }
    }

    /// @dev A request loses at most a unit and 1e-18 of itself to rounding at every fill.
    function _requirePart(uint256 mine, uint256 left, uint256 all, uint256 allLeft) private pure {
        if (mine == 0) return;
        uint256 due = Math.mulDiv(mine, allLeft, all);
        require(difference(left, due) <= 2 + mine / 1e17, "a request was filled in another proportion");
    }
}
