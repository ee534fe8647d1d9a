// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IOptionMarket} from "../../contracts/interfaces/IOptionMarket.sol";
import {IOptionVault} from "../../contracts/interfaces/IOptionVault.sol";
import {Leg, Quote} from "../../contracts/interfaces/Types.sol";

/// @notice Asks for a quote, trades at it, and looks at what came of it, all in one transaction; so that both can be
/// compared to the unit.
contract TradeWitness {
    function quoteThenTrade(
        IOptionMarket market,
        IOptionVault vault,
        Leg[] calldata legs
    )
        external
        returns (
            Quote memory q,
            IOptionVault.Exposure memory foreseen,
            int256 cash,
            IOptionVault.Exposure memory actual
        )
    {
        IERC20(vault.asset()).approve(address(market), type(uint256).max);
        (q, foreseen) = market.quote(legs);
        cash = market.trade(legs, q.total, address(this), block.timestamp);
        actual = vault.exposure();
    }

    /// @notice The cost of every trade of a sequence, made at one moment.
    function tradeAll(
        IOptionMarket market,
        IOptionVault vault,
        Leg[][] calldata trades
    ) external returns (int256[] memory cash, uint256[] memory fees) {
        IERC20(vault.asset()).approve(address(market), type(uint256).max);
        cash = new int256[](trades.length);
        fees = new uint256[](trades.length);
        for (uint256 i = 0; i < trades.length; ++i) {
            (Quote memory q, ) = market.quote(trades[i]);
            fees[i] = q.fees;
            cash[i] = market.trade(trades[i], type(int256).max, address(this), block.timestamp);
        }
    }
}
