// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SignedMath} from "@openzeppelin/contracts/utils/math/SignedMath.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IHedgePosition} from "../../../contracts/interfaces/IHedgePosition.sol";
import {IOptionVault} from "../../../contracts/interfaces/IOptionVault.sol";

/// @notice A desk reduced to what the vault knows of it: a position, long or short, that is funded from the pool and pays
/// back into it. Its owner is the other side of every trade, at a price of the owner's choice. How the real desk trades is
/// tested with the desk; here it must not matter.
contract HedgeStandIn is IHedgePosition {
    uint256 private constant PER_UNIT = 1e30;
    int256 private constant USDC_UNIT = 1e12;

    address private immutable owner;
    IOptionVault private immutable vault;
    IERC20 private immutable usdc;

    int256 private base;
    /// @notice USDC held against a short position.
    uint256 public held;

    constructor(IOptionVault vault_) {
        owner = msg.sender;
        vault = vault_;
        usdc = IERC20(vault_.asset());
    }

    /// @notice Buys (positive) or sells `amount` at `price`, WAD. A position that is not short keeps no USDC.
    function trade(int256 amount, uint256 price) external {
        assert(msg.sender == owner);
        uint256 size = SignedMath.abs(amount);
        base += amount;
        if (amount > 0) {
            uint256 cost = Math.mulDiv(size, price, PER_UNIT, Math.Rounding.Ceil);
            uint256 missing = Math.saturatingSub(cost, held);
            if (missing > 0) vault.payForHedge(address(this), missing);
            held = held + missing - cost;
            assert(usdc.transfer(owner, cost));
        } else {
            uint256 proceeds = Math.mulDiv(size, price, PER_UNIT);
            held += proceeds;
            assert(usdc.transferFrom(owner, address(this), proceeds));
        }
        if (base >= 0 && held > 0) {
            uint256 back = held;
            held = 0;
            assert(usdc.transfer(address(vault), back));
            vault.creditHedge(back);
        }
        vault.noteHedge(base < 0 ? 0 : uint256(base), base >= 0);
    }

    /// @inheritdoc IHedgePosition
    function position() external view returns (int256, int256) {
        return (base, int256(held) * USDC_UNIT);
    }
}
