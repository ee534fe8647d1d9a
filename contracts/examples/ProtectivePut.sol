// SPDX-License-Identifier: MIT
pragma solidity >=0.8.4;

import {IOptionMarket} from "../interfaces/IOptionMarket.sol";
import {Leg} from "../interfaces/Types.sol";

interface IUSDC {
    function approve(address spender, uint256 amount) external returns (bool);
    function balanceOf(address account) external view returns (uint256);
    function transfer(address to, uint256 amount) external returns (bool);
}

/// @dev Of ERC-6909, which the market's tokens are.
interface IERC6909 {
    function balanceOf(address owner, uint256 id) external view returns (uint256);
}

/// @title An example for integrators: somebody's treasury that buys puts, sells them back and is paid at expiry
/// @notice Needs Keel's interfaces alone. The market calls nobody back: options are ERC-6909 tokens of this contract.
/// @dev Not audited, not deployed by Keel.
contract ProtectivePut {
    IOptionMarket public immutable market;
    IUSDC public immutable usdc;
    address public immutable owner;

    error OnlyOwner();

    constructor(IOptionMarket market_, IUSDC usdc_, address owner_) {
        (market, usdc, owner) = (market_, usdc_, owner_);
        usdc_.approve(address(market_), type(uint256).max);
    }

    modifier onlyOwner() {
        if (msg.sender != owner) revert OnlyOwner();
        _;
    }

    /// @notice Buys `quantity` (WAD contracts) of a series for at most `limit` USDC (6 decimals), fees included.
    function protect(uint256 id, uint256 quantity, uint256 limit) external onlyOwner {
        _trade(id, int256(quantity), int256(limit));
    }

    /// @notice Sells `quantity` back for at least `least` USDC.
    function release(uint256 id, uint256 quantity, uint256 least) external onlyOwner {
        _trade(id, -int256(quantity), -int256(least));
    }

    /// @notice Takes what settled options pay. Anyone may: it can only go to the owner. @return assets USDC.
    function collect(uint256 id) external returns (uint256 assets) {
        assets = market.exercise(id, IERC6909(address(market)).balanceOf(address(this), id), owner);
    }

    /// @notice Pays all USDC out to the owner.
    function withdraw() external onlyOwner {
        usdc.transfer(owner, usdc.balanceOf(address(this)));
    }

    /// @dev The limit protects until the trade is mined; whoever calls this decides when that is, so that no deadline is needed.
    function _trade(uint256 id, int256 quantity, int256 cashLimit) private {
        Leg[] memory legs = new Leg[](1);
        legs[0] = Leg(id, quantity);
        market.trade(legs, cashLimit, address(this), block.timestamp);
    }
}
