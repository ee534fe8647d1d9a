// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Leg} from "../../../contracts/interfaces/Types.sol";
import {Audit} from "./Audit.sol";
import {CHEATS} from "./Cheats.sol";

/// @notice What traders do, and what is checked of it at once.
abstract contract TraderActions is Audit {
    uint256 internal constant SMALLEST = 0.001e18;
    uint256 private constant LARGEST = 500e18;

    function buy(uint256 input) external onTime {
        uint256 seed = _seed(input);
        uint256 id = _openSeries(seed);
        if (id == 0) return;
        address trader = _actor(traders, seed);
        int256 quantity = int256(logarithmic(seed, SMALLEST, LARGEST));
        if (_trade(trader, _leg(id, quantity), _recipient(trader, seed))) ++done["buy"];
    }

    function sellBack(uint256 input) external onTime {
        uint256 seed = _seed(input);
        address trader = _actor(traders, seed);
        (uint256 id, uint256 held) = _heldSeries(trader, seed);
        if (held < SMALLEST) return;
        int256 quantity = -int256(seed % 2 == 0 ? held : logarithmic(seed, SMALLEST, held));
        if (_trade(trader, _leg(id, quantity), _recipient(trader, seed))) ++done["sell"];
    }

    /// @dev Buys one series and sells another that it holds, or buys two.
    function spread(uint256 input) external onTime {
        uint256 seed = _seed(input);
        uint256 bought = _openSeries(seed);
        if (bought == 0) return;
        address trader = _actor(traders, seed);
        int256 quantity = int256(logarithmic(seed, SMALLEST, LARGEST / 2));
        (uint256 sold, uint256 held) = _heldSeries(trader, seed >> 3);
        Leg[] memory legs =
            held < SMALLEST
                ? _legs(bought, quantity, _openSeries(seed << 8), quantity)
                : _legs(bought, quantity, sold, -int256(logarithmic(seed, SMALLEST, held)));
        if (_trade(trader, legs, trader)) ++done["spread"];
    }

    /// @dev From one series into another, as much of it.
    function roll(uint256 input) external onTime {
        uint256 seed = _seed(input);
        address trader = _actor(traders, seed);
        (uint256 sold, uint256 held) = _heldSeries(trader, seed);
        uint256 bought = _openSeries(seed << 4);
        if (held < SMALLEST || bought == sold) return;
        if (_trade(trader, _legs(sold, -int256(held), bought, int256(held)), trader)) ++done["roll"];
    }

    function _sell(address trader, uint256 id, uint256 held) internal {
        if (_trade(trader, _leg(id, -int256(held)), trader)) ++done["sell"];
    }

    function giveOptions(uint256 input) external onTime {
        uint256 seed = _seed(input);
        address from = _actor(traders, seed);
        (uint256 id, uint256 held) = _heldSeries(from, seed);
        if (held == 0) return;
        CHEATS.prank(from);
        market.transfer(_actor(traders, seed << 8), id, uniform(seed, 0, held));
        ++done["transfer"];
    }

    /// @dev Trades in any order and then back to where it began, while time, spot and surface stand still: everybody
    /// has less afterwards. What cannot be closed again is undone.
    function cycle(uint256 input) external onTime {
        uint256 seed = _seed(input);
        try this.tryCycle(seed) {
            ++done["cycle"];
        } catch (bytes memory reason) {
            if (bytes4(reason) == bytes4(keccak256("Error(string)"))) revert(_text(reason));
            _requireKnownReason(reason, true);
            ++done["cycle undone"];
        }
    }

    function tryCycle(uint256 seed) external {
        assert(msg.sender == address(this));
        address trader = _actor(traders, seed);
        uint256[3] memory ids = [_openSeries(seed), _openSeries(seed << 8), _openSeries(seed << 16)];
        if (ids[0] == 0) return;
        int256[3] memory net;
        uint256 money = usdc.balanceOf(trader);
        for (uint256 i = 0; i < 2 + (seed % 3); ++i) {
            uint256 random = uint256(keccak256(abi.encode(seed, i)));
            uint256 which = random % 3;
            while (which > 0 && ids[which] == ids[which - 1]) --which;
            if (ids[which] == ids[0]) which = 0;
            int256 quantity = int256(logarithmic(random, SMALLEST, LARGEST / 5));
            uint256 held = market.balanceOf(trader, ids[which]);
            if ((random >> 9) % 2 == 0 && held >= SMALLEST) quantity = -int256(uniform(random, SMALLEST, held));
            _pay(trader, ids[which], quantity);
            net[which] += quantity;
            if ((random >> 11) % 4 == 0 && !_isFeedDead()) vault.mark();
        }
        for (uint256 i = 0; i < 3; ++i) {
            // Sales first do not matter: each leg is closed by itself.
            int256 rest = -net[i];
            if (rest > -int256(SMALLEST) && rest < int256(SMALLEST)) {
                // Too little to trade: a little more, and back.
                if (rest == 0) continue;
                _pay(trader, ids[i], int256(SMALLEST) + (rest < 0 ? -rest : rest));
                rest = rest - int256(SMALLEST) - (rest < 0 ? -rest : rest);
                if (rest > -int256(SMALLEST)) rest = -int256(SMALLEST);
            }
            _pay(trader, ids[i], rest);
        }
        require(usdc.balanceOf(trader) < money, "a closed cycle cost nothing");
    }

    function _pay(address trader, uint256 id, int256 quantity) private {
        CHEATS.prank(trader);
        market.trade(_leg(id, quantity), NO_LIMIT, trader, type(uint256).max);
    }

    function _trade(address trader, Leg[] memory legs, address recipient) private returns (bool) {
        bool opens = legs[0].quantity > 0 || (legs.length > 1 && legs[1].quantity > 0);
        bool priced = !_isFeedDead();
        bool audited = priced && calls % 8 == 0;
        if (audited) vault.mark();
        int256 worst = opens && priced ? _worst() : int256(0);
        uint256 money = usdc.balanceOf(trader);
        CHEATS.prank(trader);
        try market.trade(legs, NO_LIMIT, recipient, type(uint256).max) returns (int256 cash) {
            if (cash < 0 && recipient != trader) {
                givenUsdc[recipient] += uint256(-cash);
                cash = 0;
            }
            require(int256(money) - int256(usdc.balanceOf(trader)) == cash, "paid another sum than returned");
            if (opens) _checkRules(worst, legs);
            if (audited) _requireTradeAddedUp();
            return true;
        } catch (bytes memory reason) {
            _requireGoodReason(reason, opens);
            return false;
        }
    }

    function _text(bytes memory reason) private pure returns (string memory text) {
        assembly ("memory-safe") {
            let length := mload(reason)
            mstore(add(reason, 4), sub(length, 4))
            text := add(reason, 4)
        }
        text = abi.decode(bytes(text), (string));
    }
}
