// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IHedgeDesk} from "../../contracts/interfaces/IHedgeDesk.sol";
import {IOptionVault} from "../../contracts/interfaces/IOptionVault.sol";
import {ISwapVenue} from "../../contracts/interfaces/ISwapVenue.sol";

/// @notice A venue that governance should never have listed: it does to the desk what a test asks of it.
contract HostileVenue is ISwapVenue {
    enum Mode {
        Keep, // takes the input and gives nothing
        Short, // gives one percent and a half less than is fair
        Overfill, // gives more than was ordered
        Reenter, // calls the desk again
        Watch, // notes what the vault says it is worth, in the middle of the swap
        Nothing, // trades nothing, and gives all back
        Part // gives half of what was ordered, and keeps the price of all of it
    }

    IERC20 private immutable base;
    IERC20 private immutable quote;
    IHedgeDesk private immutable desk;
    IOptionVault private immutable vault;
    uint256 private immutable dollars;

    Mode public mode;
    bytes public reentry;
    int256 public navSeen;

    constructor(IERC20 base_, IERC20 quote_, IHedgeDesk desk_, IOptionVault vault_, uint256 dollars_) {
        (base, quote, desk, vault, dollars) = (base_, quote_, desk_, vault_, dollars_);
    }

    function setMode(Mode next, bytes calldata call) external {
        mode = next;
        reentry = call;
    }

    function buy(uint256 baseAmount, uint256 maxQuote, bytes calldata) external returns (uint256) {
        if (mode == Mode.Keep) return maxQuote;
        if (mode == Mode.Nothing) {
            quote.transfer(msg.sender, maxQuote);
            return 0;
        }
        uint256 cost = (baseAmount * dollars) / 1e12;
        if (mode == Mode.Short) cost = (cost * 1015) / 1000;
        _misbehave();
        if (mode == Mode.Part) {
            base.transfer(msg.sender, baseAmount / 2);
            return maxQuote;
        }
        base.transfer(msg.sender, mode == Mode.Overfill ? baseAmount + 1 : baseAmount);
        if (cost < maxQuote) quote.transfer(msg.sender, maxQuote - cost);
        return cost;
    }

    function sell(uint256 baseAmount, uint256, bytes calldata) external returns (uint256) {
        if (mode == Mode.Keep) return baseAmount;
        if (mode == Mode.Nothing) {
            base.transfer(msg.sender, baseAmount);
            return 0;
        }
        uint256 proceeds = (baseAmount * dollars) / 1e12;
        if (mode == Mode.Short) proceeds = (proceeds * 985) / 1000;
        _misbehave();
        if (mode == Mode.Part) proceeds /= 2;
        quote.transfer(msg.sender, proceeds);
        return baseAmount;
    }

    function _misbehave() private {
        if (mode == Mode.Watch) navSeen = vault.nav();
        if (mode != Mode.Reenter) return;
        (bool ok, bytes memory reason) = address(desk).call(reentry);
        if (ok) return;
        assembly {
            revert(add(reason, 32), mload(reason))
        }
    }
}
