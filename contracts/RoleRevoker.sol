// SPDX-License-Identifier: MIT
pragma solidity ^0.8.31;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

import {IVolSurface} from "./interfaces/IVolSurface.sol";

/// @title Takes hot keys out of service, at once
/// @notice Administers the roles of bots (keeper, poster, lister), which an AccessManager lets grant and revoke. This contract can only
/// revoke: whoever holds a guardian's key appoints nobody.
contract RoleRevoker is AccessManaged {
    IVolSurface public immutable surface;

    event Revoked(uint64 indexed role, address indexed account);

    error LengthMismatch(uint256 roles, uint256 accounts);

    constructor(address authority, IVolSurface surface_) AccessManaged(authority) {
        surface = surface_;
    }

    /// @notice Revokes each of `roles` from the account beside it, and freezes the surface: what was posted until now opens
    /// nothing, and is not followed, until another poster has posted anew. Role: GUARDIAN.
    function revoke(uint64[] calldata roles, address[] calldata accounts) external restricted {
        if (roles.length != accounts.length) revert LengthMismatch(roles.length, accounts.length);
        for (uint256 i = 0; i < roles.length; ++i) {
            IAccessManager(authority()).revokeRole(roles[i], accounts[i]);
            emit Revoked(roles[i], accounts[i]);
        }
        surface.freeze();
    }
}
