{{ config(materialized='table', meta={'grain': 'local_date'}) }}

with usage as (

    select * from {{ ref('int_usage_summed') }}

),

site_ancestors as (

    select * from {{ source('inputs', 'site_ancestors') }}

),

rolled_up as (

    select
        usage.*,
        site_ancestors.ancestor,
        case when site_ancestors.level = 0 then 1 else 0 end as own
    from usage
    inner join site_ancestors
        on
            usage.site = site_ancestors.site
            and (
                site_ancestors.valid_from is null
                or usage.local_date >= site_ancestors.valid_from
            )
            and (site_ancestors.valid_to is null or usage.local_date < site_ancestors.valid_to)

),

final as (

    select
        local_date,
        ancestor as site,
        count(distinct active_person_id) as active_people,
        count(distinct person_id) as participants,
        cast(sum(messages) as bigint) as messages,
        cast(sum(file_transfers) as bigint) as file_transfers,
        cast(sum(internal) as bigint) as internal,
        cast(sum(between_sites) as bigint) as between_sites,
        cast(sum(external) as bigint) as external,
        cast(sum(deliveries) as bigint) as deliveries,
        cast(sum(characters) as bigint) as characters,
        cast(sum(body_bytes) as decimal(30, 0)) * cast(0.001 as decimal(4, 3)) as kilobytes,
        cast(sum(billed_file_bytes) as decimal(30, 0)) * cast(0.000001 as decimal(7, 6))
            as file_megabytes,
        count(distinct conversation) as conversations,
        cast(sum(received) as bigint) as received,
        cast(sum(received_body_bytes) as decimal(30, 0)) * cast(0.001 as decimal(4, 3))
            as received_kilobytes,
        cast(sum(own * messages) as bigint) as own_messages,
        cast(sum(own * file_transfers) as bigint) as own_file_transfers,
        cast(sum(own * received) as bigint) as own_received,
        min(first_sent_at) as first_sent_at,
        max(last_sent_at) as last_sent_at
    from rolled_up
    group by local_date, ancestor

)

select * from final
