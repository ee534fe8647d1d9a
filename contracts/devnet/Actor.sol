// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

// solhint-disable avoid-low-level-calls

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

interface IActorPool {
    function token0() external view returns (address);
    function token1() external view returns (address);
}

interface IActorMarket {
    struct Leg {
        uint256 id;
        int256 quantity;
    }

    function trade(
        Leg[] calldata legs,
        int256 cashLimit,
        address recipient,
        uint256 deadline
    ) external returns (int256);
}

/// @notice Somebody on a development chain who does several things in one transaction, and takes refusals as they come. It
/// obeys everybody: never give one anything of value.
contract Actor {
    struct Call {
        address to;
        bytes data;
    }

    /// @dev More would not fit into a transaction.
    uint256 private constant MOST_TRADES = 40;

    /// @notice Makes every call, whatever happens to the others.
    function each(Call[] calldata calls) external returns (uint256 done) {
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok, ) = calls[i].to.call(calls[i].data);
            if (ok) ++done;
        }
    }

    /// @notice Makes the first call that is not refused. @return Its place, or how many there are.
    function first(Call[] calldata calls) external returns (uint256) {
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok, ) = calls[i].to.call(calls[i].data);
            if (ok) return i;
        }
        return calls.length;
    }

    /// @notice Makes all calls or none, without a revert. @return Whether they were made.
    function all(Call[] calldata calls) external returns (bool) {
        try this.strictly(calls) {
            return true;
        } catch {
            return false;
        }
    }

    function strictly(Call[] calldata calls) external {
        for (uint256 i = 0; i < calls.length; ++i) {
            (bool ok, bytes memory answer) = calls[i].to.call(calls[i].data);
            if (!ok) {
                assembly ("memory-safe") {
                    revert(add(answer, 0x20), mload(answer))
                }
            }
        }
    }

    /// @notice Trades `quantity` of a series, or as much of it as it gets: pieces halve when they are refused, down to `least`.
    function fill(IActorMarket market, uint256 id, int256 quantity, int256 least) external returns (int256 filled) {
        int256 piece = quantity;
        for (uint256 i = 0; i < MOST_TRADES && filled != quantity && _size(piece) >= least; ++i) {
            int256 left = quantity - filled;
            if (_size(piece) > _size(left)) piece = left;
            IActorMarket.Leg[] memory legs = new IActorMarket.Leg[](1);
            legs[0] = IActorMarket.Leg(id, piece);
            try market.trade(legs, type(int256).max, address(this), block.timestamp) returns (int256) {
                filled += piece;
            } catch {
                piece /= 2;
            }
        }
    }

    function uniswapV3SwapCallback(int256 amount0, int256 amount1, bytes calldata) external {
        _pay(amount0, amount1);
    }

    function uniswapV3MintCallback(uint256 amount0, uint256 amount1, bytes calldata) external {
        _pay(int256(amount0), int256(amount1));
    }

    function _pay(int256 amount0, int256 amount1) private {
        IActorPool pool = IActorPool(msg.sender);
        if (amount0 > 0) IERC20(pool.token0()).transfer(msg.sender, uint256(amount0));
        if (amount1 > 0) IERC20(pool.token1()).transfer(msg.sender, uint256(amount1));
    }

    function _size(int256 quantity) private pure returns (int256) {
        return quantity < 0 ? -quantity : quantity;
    }
}
