// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";

import {IOptionMarket} from "../../../contracts/interfaces/IOptionMarket.sol";
import {IPriceOracle} from "../../../contracts/interfaces/IPriceOracle.sol";
import {Mark} from "../../../contracts/interfaces/Types.sol";
import {CHEATS} from "./Cheats.sol";
import {Stage} from "./Stage.sol";

/// @notice Time, prices, keepers, the guardian, and strangers.
abstract contract Surroundings is Stage {
    uint256 private constant LOWEST_PRICE = 150e18;
    uint256 private constant HIGHEST_PRICE = 60_000e18;
    uint256 private constant BUSY_EXPIRIES = 5;

    /// @notice Whether keepers post and hedge as they should.
    function _keepersWork() internal view virtual returns (bool);

    /// @dev From a second to a day and more. The feed keeps its heartbeat mostly, and keepers, if alive, post a surface now and then.
    function pass(uint256 input) external onTime {
        uint256 seed = _seed(input);
        _pass(seed % 3 == 0 ? uniform(seed >> 2, 1 hours, 30 hours) : logarithmic(seed, 1, 6 hours));
        if ((seed >> 8) % 8 != 0) _drift(seed >> 16, 200);
        if (_keepersWork() && (seed >> 64) % 4 != 0) _postAll(seed >> 80);
        ++done["pass"];
    }

    /// @dev Every eighth time anything from a quarter to threefold, in one step that no hedge follows.
    function jump(uint256 input) external onTime {
        uint256 seed = _seed(input);
        _pass(1);
        if (seed % 8 != 0) {
            _drift(seed >> 16, 500);
            return;
        }
        uint256 factor = (seed >> 3) % 2 == 0 ? uniform(seed >> 8, 0.25e18, 1e18) : uniform(seed >> 8, 1e18, 3e18);
        _moveTo((price * factor) / WAD, seed >> 200);
        ++done["jump"];
    }

    /// @dev Somebody pushes the pool, and not the feed, and mostly back again.
    function pushPool(uint256 input) external onTime {
        uint256 seed = _seed(input);
        _movePool((price * uniform(seed >> 2, 8_000, 12_000)) / BPS);
        if (seed % 4 != 0) _movePool(price);
        ++done["pushPool"];
    }

    /// @dev By anyone, whenever there is a price.
    function mark(uint256) external onTime {
        try vault.mark() {
            require(!_isFeedDead(), "marked at a price that is too old");
            ++done["mark"];
        } catch (bytes memory reason) {
            require(_isFeedDead() && bytes4(reason) == IPriceOracle.StalePrice.selector, _hex("no mark:", reason));
        }
    }

    /// @dev Towards neutral, all the way or a part of it, at half a percent from the price.
    function hedgeDelta(uint256 input) external onTime {
        uint256 seed = _seed(input);
        if (!_keepersWork() || _isFeedDead()) return;
        (Mark memory m, ) = vault.currentMark();
        (int256 base, ) = hedge.position();
        int256 amount = -(int256(m.delta) + base);
        if (seed % 2 == 0) amount = (amount * int256((seed >> 8) % 100)) / 100;
        if (amount == 0) return;
        if (_hedge(amount, (price * uniform(seed >> 32, 9_950, 10_050)) / BPS)) ++done["hedge"];
    }

    function post(uint256 input) external onTime {
        uint256 seed = _seed(input);
        if (_keepersWork()) _postAll(seed);
    }

    /// @dev Another expiry after the last one, while not too many are open.
    function list(uint256 input) external onTime {
        uint256 seed = _seed(input);
        if (!_keepersWork() || _isFeedDead() || vault.openExpiries().length >= BUSY_EXPIRIES) return;
        uint256 last = listings[listings.length - 1].expiry;
        uint256 tomorrow = time - (time % 1 days) + 1 days + EXPIRY_HOUR;
        uint256[] memory expiries = new uint256[](1);
        expiries[0] = (last < tomorrow ? tomorrow : last + 1 days) + (seed % 4) * 1 days;
        if (!_post(expiries, 1, vol)) return;
        _list(expiries[0]);
        ++done["list"];
    }

    /// @dev By anyone, the first expiry that has passed and has a round; no round before or after it will do.
    function settle(uint256 input) external onTime {
        uint256 seed = _seed(input);
        for (uint256 i = 0; i < listings.length; ++i) {
            if (_settle(i, seed)) return;
        }
    }

    /// @dev Stops new risk, and is checked to stop nothing else by all other actions.
    function pause(uint256 input) external onTime {
        uint256 seed = _seed(input);
        CHEATS.prank(GUARDIAN);
        if (seed % 8 == 0) vault.pause();
        else vault.unpause();
        if (vault.paused()) ++done["pause"];
    }

    /// @dev USDC, behind the back of the contract that gets it.
    function donate(uint256 input) external onTime {
        uint256 seed = _seed(input);
        address to = holders[traders.length + (seed % 3)];
        uint256 amount = logarithmic(seed >> 8, 1, 1e12);
        usdc.mint(to, amount);
        givenUsdc[to] += amount;
        ++done["donate"];
    }

    function _settle(uint256 i, uint256 seed) internal returns (bool) {
        Listing memory l = listings[i];
        if (l.round == 0 || vault.settlementPriceOf(l.expiry) != 0) return false;
        uint80 wrong = seed % 2 == 0 ? l.round - 1 : l.round + 1;
        try market.settle(l.expiry, wrong) {
            revert("settled at another round");
        } catch {
            ++done["wrong round"];
        }
        uint256 owed = vault.owed();
        uint256 settled = market.settle(l.expiry, l.round);
        require(settled == l.roundPrice, "settled at another price");
        require(vault.owed() - owed == vault.expiryOf(l.expiry).owed, "owes another sum than it set aside");
        try market.settle(l.expiry, l.round) {
            revert("settled twice");
        } catch (bytes memory reason) {
            require(bytes4(reason) == IOptionMarket.AlreadySettled.selector, _hex("second settlement:", reason));
        }
        ++done["settle"];
        return true;
    }

    function _hedge(int256 amount, uint256 hedgePrice) internal returns (bool) {
        try hedge.trade(amount, hedgePrice) {
            return true;
        } catch (bytes memory reason) {
            _requireNoCash(reason);
            return false;
        }
    }

    function _postAll(uint256 seed) private {
        uint256 first = _firstOpen();
        uint256[] memory live = new uint256[](listings.length - first);
        for (uint256 i = 0; i < live.length; ++i) live[i] = listings[first + i].expiry;
        uint256 next = vol + uniform(seed, 0, 0.1e18);
        next = SignedMath.abs(int256(next) - 0.05e18);
        next = next < 0.4e18 ? 0.4e18 : (next > 1.2e18 ? 1.2e18 : next);
        if (live.length == 0 || !_post(live, live.length, next)) return;
        vol = next;
        ++done["post"];
    }

    function _drift(uint256 seed, uint256 mostBps) private {
        _moveTo((price * uniform(seed, BPS - mostBps, BPS + mostBps)) / BPS, seed >> 128);
    }

    /// @dev The pool follows, within a percent, and mostly its average too; or sometimes it stays where it is.
    function _moveTo(uint256 next, uint256 seed) private {
        _setPrice(next < LOWEST_PRICE ? LOWEST_PRICE : (next > HIGHEST_PRICE ? HIGHEST_PRICE : next));
        if (seed % 8 == 0) return;
        _movePool((price * uniform(seed >> 3, 9_900, 10_100)) / BPS);
        if ((seed >> 16) % 4 != 0) _pass(TWAP_WINDOW);
    }
}
